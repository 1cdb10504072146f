"""PLS: partial least squares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import PositiveInt

from pipeline.core.papers import Paper
from pipeline.core.runs import Need
from pipeline.core.splits import Array
from pipeline.methods.base.closed_form import ClosedForm


@dataclass(kw_only=True, eq=False)
class PLS(ClosedForm):
    """Orthonormal directions of two views whose projections covary most; labels are never used.

    Sharma, Jacobs: Bypassing Synthesis: PLS for Face Recognition with Pose, Low-Resolution and Sketch, CVPR 2011.
    C_12 = U S V' of the centred views; projections are the leading columns of U and V. scaling: what
    is done to the features first, 'none', or 'deviation' for unit standard deviation; components: how many columns.

    Deviations from the authors' code: theirs is an iterative regression with asymmetric bases; this is the
    symmetric solution by one SVD, as in survey comparisons.
    """

    scaling: Literal["none", "deviation"]
    components: PositiveInt

    display: ClassVar[str] = "PLS"
    paper: ClassVar[Paper] = Paper(
        title="Bypassing Synthesis: PLS for Face Recognition with Pose, Low-Resolution and Sketch",
        authors="Sharma, Jacobs",
        venue="CVPR",
        year=2011,
        url="https://doi.org/10.1109/CVPR.2011.5995350",
        rows=("PLS",),
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.PAIRS, Need.TWO_VIEWS})

    def solve(self, views: list[Array], labels: list[Array]) -> list[Array]:
        scales = [_scale(x) if self.scaling == "deviation" else np.ones(x.shape[1]) for x in views]
        first, second = (x * scale for x, scale in zip(views, scales, strict=True))
        u, _, vt = np.linalg.svd(first.T @ second / len(first), full_matrices=False)
        return [scale[:, None] * w[:, : self.components] for scale, w in zip(scales, (u, vt.T), strict=True)]


def _scale(x: Array) -> Array:
    """1 / standard deviation per feature; a constant one gets 0."""
    deviation = x.std(axis=0)
    inverse: Array = np.divide(1, deviation, out=np.zeros_like(deviation), where=deviation > 0)
    return inverse
