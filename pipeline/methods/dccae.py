"""DCCAE: deep canonically correlated autoencoders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import NonNegativeFloat
from torch import Tensor

from pipeline.core.papers import Paper
from pipeline.learning.loop import Batch, Step
from pipeline.learning.losses.canonical import canonical_correlation
from pipeline.methods.base.canonical import CanonicalMethod, CanonicalNetwork


@dataclass(kw_only=True, eq=False)
class DCCAE(CanonicalMethod):
    """DCCA whose outputs must also let a decoder rebuild each view; labels are never used.

    Wang, Arora, Livescu, Bilmes: On Deep Multi-View Representation Learning, ICML 2015. Minimises minus the sum of
    canonical correlations plus lambda sum_v mean_i ||x_i - p_v(f_v(x_i))||^2, with decoders p_v that mirror the
    encoders. embedding: k (L in the paper); ridge: r_x = r_y; reconstruction: lambda. Two views.

    Deviations from the authors' code: both terms read the same batch, theirs draws smaller ones for the
    reconstruction; ReLU and Adam in place of sigmoids and SGD with momentum; no pretraining by restricted Boltzmann
    machines.
    """

    reconstruction: NonNegativeFloat

    decoders: ClassVar[bool] = True

    display: ClassVar[str] = "DCCAE"
    paper: ClassVar[Paper] = Paper(
        title="On Deep Multi-View Representation Learning",
        authors="Wang, Arora, Livescu, Bilmes",
        venue="ICML",
        year=2015,
        url="https://proceedings.mlr.press/v37/wangb15.html",
        rows=("DCCAE",),
    )

    def loss(self, batch: Batch, model: CanonicalNetwork, position: Step) -> dict[str, Tensor]:
        outputs = model(batch.views)
        one, other = outputs.values()
        correlation = -canonical_correlation(one, other, self.ridge)
        error = model.reconstruction(batch.views, outputs)
        return {
            "correlation": correlation,
            "reconstruction": error,
            "total": correlation + self.reconstruction * error,
        }
