"""The nearest samples of a gallery by cosine similarity, in an order that ties do not disturb."""

from __future__ import annotations

import numpy as np

from pipeline.core.splits import Array

GRID = 2.0**40
"""Steps per unit of similarity: coarser than rounding, so that equal similarities tie."""


def nearest(queries: Array, gallery: Array, top: int) -> Array:
    """Gallery positions by cosine similarity, best first: Q x d and N x d -> Q x min(top, N).

    Of equal similarities the earlier position comes first; a zero row has similarity 0 to everything.
    """
    similarities = np.rint(unit(queries) @ unit(gallery).T * GRID)
    return np.argsort(-similarities, axis=1, kind="stable")[:, :top]


def unit(rows: Array) -> Array:
    """Rows of length 1 in float64, whatever their own precision; a zero row stays."""
    wide = rows.astype(np.float64)
    norms = np.linalg.norm(wide, axis=1, keepdims=True)
    scaled: Array = np.divide(wide, norms, out=np.zeros_like(wide), where=norms > 0)
    return scaled
