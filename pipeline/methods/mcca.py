"""MCCA: multi-view canonical correlation analysis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pydantic import PositiveFloat, PositiveInt
from scipy.linalg import eigh

from pipeline.core.papers import Paper
from pipeline.core.runs import Need
from pipeline.core.splits import Array
from pipeline.methods.base.closed_form import ClosedForm


@dataclass(kw_only=True, eq=False)
class MCCA(ClosedForm):
    """Directions of the views that correlate with one another; labels are never used.

    Rupnik, Shawe-Taylor: Multi-View Canonical Correlation Analysis, SiKDD 2010. Maximises the sum of
    w_i' C_ij w_j over i != j subject to sum_i w_i' (C_ii + k_i I) w_i = 1 by one generalised eigenvalue
    problem; with two views this is ridge CCA. ridge: kappa, k_i = kappa tr(C_ii) / d_i; components: how many
    directions are kept, at most as many as the narrowest view has features.

    Deviations from the authors' code: none is public. The numbers published for MCCA in this field fit a nearly
    unregularised solution, the variant 'unregularised'.
    """

    ridge: PositiveFloat
    components: PositiveInt

    display: ClassVar[str] = "MCCA"
    paper: ClassVar[Paper] = Paper(
        title="Multi-View Canonical Correlation Analysis",
        authors="Rupnik, Shawe-Taylor",
        venue="SiKDD",
        year=2010,
        url="https://ailab.ijs.si/dunja/SiKDD2010/Papers/Rupnik_Final.pdf",
        rows=("MCCA", "CCA"),
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.PAIRS})

    def solve(self, views: list[Array], labels: list[Array]) -> list[Array]:
        spectra, bases = zip(*(np.linalg.eigh(x.T @ x / len(x)) for x in views), strict=True)
        stacked = np.hstack([x @ basis for x, basis in zip(views, bases, strict=True)])
        between = stacked.T @ stacked / len(stacked)
        bounds = np.cumsum([x.shape[1] for x in views])[:-1]
        for block in np.split(np.arange(len(between)), bounds):
            between[np.ix_(block, block)] = 0
        size, count = len(between), min(self.components, *(x.shape[1] for x in views))
        scale = np.concatenate([1 / np.sqrt(np.maximum(s, 0) + self.ridge * s.mean()) for s in spectra])
        _, vectors = eigh(scale[:, None] * between * scale, subset_by_index=[size - count, size - 1])
        directions = np.split(scale[:, None] * vectors[:, ::-1], bounds)
        return [basis @ w for basis, w in zip(bases, directions, strict=True)]
