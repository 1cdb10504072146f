"""GSS-SL: structured subspace learning in the label space, re-implemented from the abstract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pydantic import PositiveFloat

from pipeline.core.papers import Paper
from pipeline.core.runs import Need
from pipeline.core.splits import Array
from pipeline.methods.base.closed_form import ClosedForm
from pipeline.methods.base.linear import one_hot


@dataclass(kw_only=True, eq=False)
class GSSSL(ClosedForm):
    """Ridge regression of each view onto the one-hot labels; a sample is embedded as its K predicted label values.

    Zhang, Ma, Li, Huang, Tian: Generalized Semi-Supervised and Structured Subspace Learning for Cross-Modal
    Retrieval, IEEE Transactions on Multimedia 20(1), 2018. The label space links the views: U_v minimises
    ||X_v U_v + 1 b_v' - Y_v||^2 + g ||U_v||^2, so U_v = (X_v'X_v + g I)^-1 X_v'Y_v for centred X_v (n x d_v) and each
    view's own labels Y_v (n x K), and b_v is the share of each class. The embedding leaves b_v out: it is the same
    for every sample, so that cosine compares how predictions differ from the shares. Nothing ties a pair together.

    ridge: g, relative to the mean diagonal entry of X_v'X_v.

    Deviations from the authors' code: neither the text nor the code of the paper is available; this re-implements
    what its abstract says, for training samples that are all labelled. The label graph for unlabelled samples
    and the alternation with free label indicators are left out, and a Frobenius norm stands for the
    regulariser, whose form is not known.
    """

    ridge: PositiveFloat

    display: ClassVar[str] = "GSS-SL (re-implementation)"
    paper: ClassVar[Paper] = Paper(
        title="Generalized Semi-Supervised and Structured Subspace Learning for Cross-Modal Retrieval",
        authors="Zhang, Ma, Li, Huang, Tian",
        venue="IEEE Transactions on Multimedia",
        year=2018,
        url="https://doi.org/10.1109/TMM.2017.2723841",
        rows=("GSS-SL",),
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS})

    def solve(self, views: list[Array], labels: list[Array]) -> list[Array]:
        spectra, bases = zip(*(np.linalg.eigh(x.T @ x) for x in views), strict=True)
        targets = zip(bases, views, one_hot(labels), strict=True)
        rotated = [basis.T @ (x.T @ y) for basis, x, y in targets]
        shrunk = [
            y / (np.maximum(s, 0) + self.ridge * s.mean())[:, None] for s, y in zip(spectra, rotated, strict=True)
        ]
        return [basis @ y for basis, y in zip(bases, shrunk, strict=True)]
