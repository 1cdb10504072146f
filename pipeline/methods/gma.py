"""GMA: generalised multiview analysis, as discriminant analysis (GMLDA)."""

from __future__ import annotations

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
class GMA(ClosedForm):
    """Directions that part the classes of each view and covary over the pairs.

    Sharma, Kumar, Daume, Jacobs: Generalized Multiview Analysis: A Discriminative Latent Space, CVPR 2012. Maximises
    w_1'A_1 w_1 + mu w_2'A_2 w_2 + 2 lambda w_1'X_1'X_2 w_2 subject to w_1'B_1 w_1 + gamma w_2'B_2 w_2 = 1, one
    generalised eigenvalue problem of size D x D; A_v and B_v are the between- and within-class scatter of a view
    under its own labels, X_v (n x k_v) all samples of the view (alignment mode 1). K - 1 directions are kept.

    energy: share of a view's variance that PCA keeps; coupling: lambda (alpha in the paper, Lamda in the code);
    mu: weight of the second view; ridge: eps, added to the diagonal of B_v relative to its mean.
    gamma = tr(B_1) / tr(B_2).

    Deviations from the authors' code: after PCA each view is scaled to total variance 1, as the objective
    depends on the units of the views; the ridge is relative (theirs is 1e-6 whatever the units).
    """

    energy: Annotated[float, Field(gt=0, le=1)]
    coupling: PositiveFloat
    ridge: PositiveFloat
    mu: PositiveFloat = 1.0

    display: ClassVar[str] = "GMA"
    paper: ClassVar[Paper] = Paper(
        title="Generalized Multiview Analysis: A Discriminative Latent Space",
        authors="Sharma, Kumar, Daume, Jacobs",
        venue="CVPR",
        year=2012,
        url="https://doi.org/10.1109/CVPR.2012.6247923",
        rows=("GMA", "GMLDA"),
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS, Need.PAIRS, Need.TWO_VIEWS})

    def solve(self, views: list[Array], labels: list[Array]) -> list[Array]:
        bases = [principal(x, self.energy) for x in views]
        first, second = (x @ basis for x, basis in zip(views, bases, strict=True))
        within, between = zip(*(scatter([x], [y]) for x, y in zip((first, second), labels, strict=True)), strict=True)
        cross = self.coupling * first.T @ second
        one, other = (ridged(b, self.ridge) for b in within)
        top = np.block([[between[0], cross], [cross.T, self.mu * between[1]]])
        bottom = block_diag(one, np.trace(one) / np.trace(other) * other)
        return per_view(bases, leading(top, bottom, discriminants(labels)))
