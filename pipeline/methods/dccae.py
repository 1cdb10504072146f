"""DCCAE: deep canonically correlated autoencoders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor

from pipeline.contract import Need, Paper
from pipeline.losses.canonical import CanonicalNetwork, canonical_correlation
from pipeline.methods.base.deep import Deep
from pipeline.training.engine import Batch, Step


@dataclass(kw_only=True, eq=False)
class DCCAE(Deep[CanonicalNetwork]):
    """DCCA whose outputs must also let a decoder rebuild each view; labels are never used.

    Wang, Arora, Livescu, Bilmes: On Deep Multi-View Representation Learning, ICML 2015. Minimises minus the sum of
    canonical correlations plus lambda sum_v mean_i ||x_i - p_v(f_v(x_i))||^2, with decoders p_v that mirror the
    encoders. Samples are embedded by a linear CCA of the outputs on all training samples, fitted after every
    epoch as in DCCA. embedding: k (L); ridge: r_x = r_y; reconstruction: lambda; final_ridge: that of the
    linear CCA. Two views. A batch should hold ten samples per output or more.

    Deviations from the authors' code: both terms read the same batch, theirs draws smaller ones for the
    reconstruction; ReLU and Adam in place of sigmoids and SGD with momentum; no pretraining by restricted Boltzmann
    machines.
    """

    embedding: PositiveInt
    ridge: PositiveFloat
    reconstruction: NonNegativeFloat
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: NonNegativeFloat = 1e-4
    final_ridge: PositiveFloat = 1e-4

    display: ClassVar[str] = "DCCAE"
    paper: ClassVar[Paper] = Paper(
        title="On Deep Multi-View Representation Learning",
        authors="Wang, Arora, Livescu, Bilmes",
        venue="ICML",
        year=2015,
        url="https://proceedings.mlr.press/v37/wangb15.html",
        rows=("DCCAE",),
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.PAIRS, Need.TWO_VIEWS})

    def build(self, dims: Mapping[str, int], classes: int) -> CanonicalNetwork:
        return CanonicalNetwork(dims, self.hidden, self.embedding, self.final_ridge, decoders=True)

    def before_training(self, model: CanonicalNetwork, data: Batch, valid: Batch | None) -> None:
        model.watch(data.views)

    def loss(self, batch: Batch, model: CanonicalNetwork, step: Step) -> dict[str, Tensor]:
        outputs = model(batch.views)
        one, other = outputs.values()
        correlation = -canonical_correlation(one, other, self.ridge)
        error = model.reconstruction(batch.views, outputs)
        return {
            "correlation": correlation,
            "reconstruction": error,
            "total": correlation + self.reconstruction * error,
        }
