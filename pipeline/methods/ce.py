"""CE: MRL's ablation with cross-entropy alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.nn import functional as F

from pipeline.core.papers import Paper
from pipeline.core.runs import Need
from pipeline.learning.loop import Batch, Step
from pipeline.learning.networks import PrototypeNetwork
from pipeline.methods.base.mrl_paper import mrl_paper
from pipeline.methods.base.prototypes import PrototypeMethod


@dataclass(kw_only=True, eq=False)
class CE(PrototypeMethod):
    """Cross-entropy of the inner products with the prototypes, summed over views; nothing ties a pair together.

    The CE row of Table 3 in Hu et al., CVPR 2021, which equals the deep-SM row of their Table 1 cell by cell:
    MRL's networks and prototypes, beta = 1, L_r replaced by cross-entropy. Logits are cosines in [-1, 1] without
    a temperature, as in the authors' code. Any number of views.

    Deviations from the authors' code: those of MRL.
    """

    display: ClassVar[str] = "CE"
    paper: ClassVar[Paper] = mrl_paper("CE", "deep-SM")
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS})

    def loss(self, batch: Batch, model: PrototypeNetwork, position: Step) -> dict[str, Tensor]:
        return {
            f"cross_entropy_{view}": F.cross_entropy(model.class_scores(z), batch.labels[view])
            for view, z in model(batch.views).items()
        }
