"""DCCA: deep canonical correlation analysis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from pipeline.core.papers import Paper
from pipeline.learning.loop import Batch, Step
from pipeline.learning.losses.canonical import canonical_correlation
from pipeline.methods.base.canonical import CanonicalMethod, CanonicalNetwork


@dataclass(kw_only=True, eq=False)
class DCCA(CanonicalMethod):
    """Two networks whose outputs correlate as much as they can; labels are never used.

    Andrew, Arora, Bilmes, Livescu: Deep Canonical Correlation Analysis, ICML 2013. Minimises minus the sum of the
    canonical correlations of a batch's outputs N x k, the trace norm of T. embedding: k (o in the paper); ridge:
    r_1 = r_2. Two views.

    Deviations from the authors' code: none was public with the paper; Wang's later code in Matlab has sigmoids and SGD
    with momentum, here are ReLU and Adam. Nothing is pretrained. The trace norm comes from Cholesky
    factors in place of symmetric roots, which leaves its value as it is. The last batch of an epoch may be smaller.
    """

    display: ClassVar[str] = "DCCA"
    paper: ClassVar[Paper] = Paper(
        title="Deep Canonical Correlation Analysis",
        authors="Andrew, Arora, Bilmes, Livescu",
        venue="ICML",
        year=2013,
        url="https://proceedings.mlr.press/v28/andrew13.html",
        rows=("DCCA",),
    )

    def loss(self, batch: Batch, model: CanonicalNetwork, position: Step) -> dict[str, Tensor]:
        one, other = model(batch.views).values()
        return {"total": -canonical_correlation(one, other, self.ridge)}
