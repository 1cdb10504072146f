"""MvDA-VC: multi-view discriminant analysis with view consistency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field, PositiveFloat
from scipy.linalg import block_diag

from pipeline.core.papers import Paper
from pipeline.core.runs import Need
from pipeline.core.splits import Array
from pipeline.methods.base.closed_form import ClosedForm
from pipeline.methods.base.linear import discriminants, leading, per_view, principal, ridged, scatter


@dataclass(kw_only=True, eq=False)
class MvDAVC(ClosedForm):
    """MvDA whose views, written as combinations of their samples, should combine the pairs alike.

    Kan, Shan, Zhang, Lao, Chen: Multi-View Discriminant Analysis, IEEE TPAMI 38(1), 2016. With w_v = X_v' b_v
    (X_v is n x k_v), sum over i < j of ||b_i - b_j||^2 = w'Mw is added to MvDA's within-class scatter:
    S + alpha tr(S) / tr(M) M. Any number of views of the same samples; K - 1 directions are kept.

    energy: share of a view's variance that PCA keeps; consistency: alpha; ridge: eps, relative to the mean
    diagonal entry of S; inverse_ridge: see `view_consistency`.

    Deviations from the authors' code: those of MvDA, and M comes from k x k matrices by an exact identity where its
    formula inverts one of n x n.
    """

    energy: Annotated[float, Field(gt=0, le=1)]
    consistency: PositiveFloat
    ridge: PositiveFloat
    inverse_ridge: PositiveFloat = 1e-4

    display: ClassVar[str] = "MvDA-VC"
    paper: ClassVar[Paper] = Paper(
        title="Multi-View Discriminant Analysis",
        authors="Kan, Shan, Zhang, Lao, Chen",
        venue="IEEE TPAMI",
        year=2016,
        url="https://doi.org/10.1109/TPAMI.2015.2435740",
        rows=("MvDA-VC",),
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS, Need.PAIRS})

    def solve(self, views: list[Array], labels: list[Array]) -> list[Array]:
        bases = [principal(x, self.energy) for x in views]
        reduced = [x @ basis for x, basis in zip(views, bases, strict=True)]
        within, between = scatter(reduced, labels)
        penalty = view_consistency(reduced, self.inverse_ridge)
        bottom = ridged(within, self.ridge) + self.consistency * np.trace(within) / np.trace(penalty) * penalty
        return per_view(bases, leading(between, bottom, discriminants(labels)))


def view_consistency(views: Sequence[Array], ridge: float) -> Array:
    """M, D x D, with w'Mw = sum over i < j of ||P_i w_i - P_j w_j||^2, for views of n x k_v.

    P_v = (X_v X_v' + e I_n)^-1 X_v = X_v (X_v'X_v + e I_k)^-1 recovers b_v from w_v; e = ridge tr(X_v'X_v).
    """
    recovered = []
    for x in views:
        gram = x.T @ x
        recovered.append(np.linalg.solve(gram + ridge * np.trace(gram) * np.eye(len(gram)), x.T).T)
    stacked = np.hstack(recovered)
    matrix: Array = len(views) * block_diag(*(p.T @ p for p in recovered)) - stacked.T @ stacked
    return matrix
