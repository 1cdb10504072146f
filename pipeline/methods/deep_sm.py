"""deep-SM: deep semantic matching."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.nn import functional as F

from pipeline.core.papers import Paper
from pipeline.core.runs import Need
from pipeline.learning.loop import Batch, Step
from pipeline.learning.networks import mlp
from pipeline.methods.base.deep import Deep
from pipeline.methods.base.posteriors import PosteriorNetwork


@dataclass(kw_only=True, eq=False)
class DeepSM(Deep[PosteriorNetwork]):
    """One classifier per view, trained with cross-entropy; retrieval by the cosine of class probabilities.

    Wei, Zhao, Lu, Wei, Liu, Zhu, Yan: Cross-Modal Retrieval With CNN Visual Features: A New Baseline, IEEE
    Transactions on Cybernetics 47(2), 2017. Nothing ties a pair together; any number of views. It answers to no
    published row: the deep-SM row of Hu et al., CVPR 2021, equals their CE ablation and is compared with CE.

    Deviations from the authors' code: none is public. The image network is an MLP on fixed features where the
    paper fine-tunes a CNN; both views have the hidden layers and the optimiser of MRL.
    """

    display: ClassVar[str] = "deep-SM (posteriors)"
    paper: ClassVar[Paper] = Paper(
        title="Cross-Modal Retrieval With CNN Visual Features: A New Baseline",
        authors="Wei, Zhao, Lu, Wei, Liu, Zhu, Yan",
        venue="IEEE Transactions on Cybernetics",
        year=2017,
        url="https://doi.org/10.1109/TCYB.2016.2519449",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS})

    def build(self, dims: Mapping[str, int], classes: int) -> PosteriorNetwork:
        return PosteriorNetwork({view: mlp(dim, self.hidden, classes) for view, dim in dims.items()})

    def loss(self, batch: Batch, model: PosteriorNetwork, position: Step) -> dict[str, Tensor]:
        return {
            f"cross_entropy_{view}": F.cross_entropy(model.logits(view, x), batch.labels[view])
            for view, x in batch.views.items()
        }
