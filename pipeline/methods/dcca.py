"""DCCA: deep canonical correlation analysis."""

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
class DCCA(Deep[CanonicalNetwork]):
    """Two networks whose outputs correlate as much as they can; labels are never used.

    Andrew, Arora, Bilmes, Livescu: Deep Canonical Correlation Analysis, ICML 2013. Minimises minus the sum of the
    canonical correlations of a batch's outputs N x k, the trace norm of T. Samples are embedded by a linear CCA
    of the outputs on all training samples. It is fitted after every epoch, so that validation scores the
    embeddings that retrieval uses, and every kept state has the CCA of its own weights. embedding: k (o); ridge:
    r_1 = r_2; final_ridge: that of the linear CCA. Two views. A batch should hold ten samples per output or more.

    Deviations from the authors' code: none was public with the paper; Wang's later code in Matlab has sigmoids and SGD
    with momentum, here are ReLU and Adam. Nothing is pretrained. The trace norm comes from Cholesky
    factors in place of symmetric roots, which leaves its value as it is. The last batch of an epoch may be smaller.
    """

    embedding: PositiveInt
    ridge: PositiveFloat
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: NonNegativeFloat = 1e-4
    final_ridge: PositiveFloat = 1e-4

    display: ClassVar[str] = "DCCA"
    paper: ClassVar[Paper] = Paper(
        title="Deep Canonical Correlation Analysis",
        authors="Andrew, Arora, Bilmes, Livescu",
        venue="ICML",
        year=2013,
        url="https://proceedings.mlr.press/v28/andrew13.html",
        rows=("DCCA",),
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.PAIRS, Need.TWO_VIEWS})

    def build(self, dims: Mapping[str, int], classes: int) -> CanonicalNetwork:
        return CanonicalNetwork(dims, self.hidden, self.embedding, self.final_ridge)

    def before_training(self, model: CanonicalNetwork, data: Batch, valid: Batch | None) -> None:
        model.watch(data.views)

    def loss(self, batch: Batch, model: CanonicalNetwork, step: Step) -> dict[str, Tensor]:
        one, other = model(batch.views).values()
        return {"total": -canonical_correlation(one, other, self.ridge)}
