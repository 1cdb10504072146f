"""L_c only: MRL's ablation without labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pydantic import PositiveFloat, PositiveInt
from torch import Tensor

from pipeline.core.papers import Paper
from pipeline.core.runs import Need
from pipeline.learning.loop import Batch, Step
from pipeline.learning.losses.contrastive import contrastive
from pipeline.learning.networks import SphereNetwork
from pipeline.methods.base.deep import Deep
from pipeline.methods.base.mrl_paper import mrl_paper


@dataclass(kw_only=True, eq=False)
class ContrastOnly(Deep[SphereNetwork]):
    """MRL with beta = 0: cross-modal contrast between paired samples; labels are never used.

    The row of L_c in Table 3 of Hu et al., CVPR 2021 (equations 6-7). embedding: width of the common
    space; temperature: tau_2 = 1. Any number of views.

    Deviations from the authors' code: those of MRL; there are no prototypes, which without labels get no gradient.
    """

    embedding: PositiveInt
    temperature: PositiveFloat = 1.0

    display: ClassVar[str] = "L_c only"
    paper: ClassVar[Paper] = mrl_paper("MRL-Lc-only")
    needs: ClassVar[frozenset[Need]] = frozenset({Need.PAIRS})

    def build(self, dims: Mapping[str, int], classes: int) -> SphereNetwork:
        return SphereNetwork(dims, self.hidden, self.embedding)

    def loss(self, batch: Batch, model: SphereNetwork, position: Step) -> dict[str, Tensor]:
        return {"total": contrastive(list(model(batch.views).values()), self.temperature)}
