"""MvDA: multi-view discriminant analysis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field, PositiveFloat

from pipeline.core.papers import Paper
from pipeline.core.runs import Need
from pipeline.core.splits import Array
from pipeline.methods.base.closed_form import ClosedForm
from pipeline.methods.base.linear import discriminants, leading, per_view, principal, ridged, scatter


@dataclass(kw_only=True, eq=False)
class MvDA(ClosedForm):
    """Directions in which the classes part best when the projected samples of all views are pooled.

    Kan, Shan, Zhang, Lao, Chen: Multi-View Discriminant Analysis, ECCV 2012. Maximises w'Bw / w'Sw over
    w = [w_1; ..; w_V], with n_iv samples of class i in view v, mu_iv their mean, n_i = sum_v n_iv:
    S_jr = [j = r] sum_ik x_ijk x_ijk' - sum_i n_ij n_ir / n_i mu_ij mu_ir', and B_jr the subtracted sum less
    (sum_ik x_ijk)(sum_ik x_irk)' / n, which is 0 for centred views. Each view is read with its own labels, nothing
    ties a pair together, and any number of views is taken. K - 1 directions are kept.

    energy: share of a view's variance that PCA keeps; ridge: eps, eps tr(S) / D on the diagonal of S.

    Deviations from the authors' code: n_i counts the samples of all views, theirs those of the last view, which
    differ under noise; their eigensolver is not public, so the ridge is ours; after PCA each view is scaled to
    total variance 1, for the ridge alone depends on its units.
    """

    energy: Annotated[float, Field(gt=0, le=1)]
    ridge: PositiveFloat

    display: ClassVar[str] = "MvDA"
    paper: ClassVar[Paper] = Paper(
        title="Multi-View Discriminant Analysis",
        authors="Kan, Shan, Zhang, Lao, Chen",
        venue="ECCV",
        year=2012,
        url="https://doi.org/10.1007/978-3-642-33718-5_58",
        rows=("MvDA",),
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS})

    def solve(self, views: list[Array], labels: list[Array]) -> list[Array]:
        bases = [principal(x, self.energy) for x in views]
        within, between = scatter([x @ basis for x, basis in zip(views, bases, strict=True)], labels)
        return per_view(bases, leading(between, ridged(within, self.ridge), discriminants(labels)))
