"""L_r only: MRL's ablation without contrast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import PositiveFloat
from torch import Tensor

from pipeline.core.papers import Paper
from pipeline.core.runs import Need
from pipeline.learning.loop import Batch, Step
from pipeline.learning.losses.robust_clustering import robust_clustering
from pipeline.learning.networks import PrototypeNetwork
from pipeline.methods.base.mrl_paper import mrl_paper
from pipeline.methods.base.prototypes import PrototypeMethod


@dataclass(kw_only=True, eq=False)
class RobustClusteringOnly(PrototypeMethod):
    """MRL with beta = 1: the sum over views of mean log(1 - p_y); nothing ties a pair together.

    The row of L_r in Table 3 of Hu et al., CVPR 2021 (equation 4). temperature: tau_1 = 1. Any number of views.

    Deviations from the authors' code: those of MRL.
    """

    temperature: PositiveFloat = 1.0

    display: ClassVar[str] = "L_r only"
    paper: ClassVar[Paper] = mrl_paper("MRL-Lr-only")
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS})

    def loss(self, batch: Batch, model: PrototypeNetwork, position: Step) -> dict[str, Tensor]:
        return {
            f"clustering_{view}": robust_clustering(model.class_scores(z), batch.labels[view], self.temperature)
            for view, z in model(batch.views).items()
        }
