"""CE: MRL's ablation with cross-entropy alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from pipeline.contract import Need, Paper
from pipeline.methods.base.deep import Deep
from pipeline.networks import PrototypeNetwork
from pipeline.training.engine import Batch, Step


@dataclass(kw_only=True, eq=False)
class CE(Deep[PrototypeNetwork]):
    """Cross-entropy of the inner products with the prototypes, summed over views; nothing ties a pair together.

    The CE row of Table 3 in Hu et al., CVPR 2021: MRL's networks and prototypes, beta = 1, L_r replaced by
    cross-entropy. Logits are cosines in [-1, 1] without a temperature, as in the authors' code. Any number of views.

    Deviations from the authors' code: those of MRL.
    """

    display: ClassVar[str] = "CE"
    paper: ClassVar[Paper] = Paper(
        title="Learning Cross-Modal Retrieval with Noisy Labels",
        authors="Hu, Peng, Zhu, Zhen, Lin",
        venue="CVPR",
        year=2021,
        url="https://openaccess.thecvf.com/content/CVPR2021/html/Hu_Learning_Cross-Modal_Retrieval_With_Noisy_Labels_CVPR_2021_paper.html",
        row="CE",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS})

    def build(self, dims: Mapping[str, int], classes: int) -> PrototypeNetwork:
        return PrototypeNetwork(dims, classes, self.hidden, self.embedding)

    def before_step(self, model: PrototypeNetwork) -> None:
        model.normalise_prototypes()

    def loss(self, batch: Batch, model: PrototypeNetwork, step: Step) -> dict[str, Tensor]:
        terms = {
            f"cross_entropy_{view}": F.cross_entropy(model.class_scores(z), batch.labels[view])
            for view, z in model(batch.views).items()
        }
        return terms | {"total": torch.stack(list(terms.values())).sum()}
