"""What the linear methods that use labels share: principal components, class scatter, a generalised eigensolver.

Views are centred, n x d_v in float64; labels are n class indices per view. D is the sum of the views' widths.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import block_diag, eigh

from pipeline.core.splits import Array


def principal(x: Array, energy: float) -> Array:
    """The fewest leading principal directions that hold this share of a view's energy, d x k.

    One factor scales them such that x @ result has total variance 1 over its k features: the units of a view,
    which are arbitrary, then count in no trace.
    """
    values, vectors = np.linalg.eigh(x.T @ x / len(x))
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
    held = np.cumsum(values)
    count = int(np.searchsorted(held, energy * held[-1])) + 1
    scale = 1 / np.sqrt(held[count - 1]) if held[-1] > 0 else 1.0
    directions: Array = vectors[:, :count] * scale
    return directions


def one_hot(labels: Sequence[Array]) -> list[Array]:
    """Each view's labels as n x K rows, K the same for all views: the largest label of any of them plus one."""
    classes = 1 + max(int(y.max()) for y in labels)
    return [np.eye(classes)[y] for y in labels]


def discriminants(labels: Sequence[Array]) -> int:
    """K - 1, the rank of a between-class scatter, for the K classes that occur in any view; at least 1."""
    return max(1, len(np.unique(np.concatenate(labels))) - 1)


def scatter(views: Sequence[Array], labels: Sequence[Array]) -> tuple[Array, Array]:
    """Within- and between-class scatter of the projections of all views pooled, both D x D.

    For w = [w_1; ..; w_V], w'Sw and w'Bw are the scatter of the numbers w_v'x of all samples of all views around
    their class means, and of the class means around the mean of all. A class has one mean over all views, each
    sample counts once, and views may differ in samples and labels; one view alone gives the scatter of LDA.
    """
    indicators = one_hot(labels)
    sums = np.hstack([y.T @ x for x, y in zip(views, indicators, strict=True)])
    sizes = np.sum([y.sum(axis=0) for y in indicators], axis=0)
    explained = sums.T @ (sums / np.maximum(sizes, 1)[:, None])
    total = sums.sum(axis=0)
    within: Array = block_diag(*(x.T @ x for x in views)) - explained
    between: Array = explained - np.outer(total, total) / sizes.sum()
    return within, between


def ridged(matrix: Array, ridge: float) -> Array:
    """The matrix plus ridge times its mean diagonal entry on the diagonal."""
    result: Array = matrix + ridge * np.trace(matrix) / len(matrix) * np.eye(len(matrix))
    return result


def leading(top: Array, bottom: Array, count: int) -> Array:
    """The count eigenvectors of top w = rho bottom w with the largest rho, largest first; W' bottom W = I."""
    size = len(top)
    _, vectors = eigh(top, bottom, subset_by_index=[max(0, size - count), size - 1])
    descending: Array = vectors[:, ::-1]
    return descending


def per_view(bases: Sequence[Array], stacked: Array) -> list[Array]:
    """Cut the stacked D x m directions into views and undo the reduction x @ basis: d_v x m each."""
    bounds = np.cumsum([basis.shape[1] for basis in bases])[:-1]
    return [basis @ w for basis, w in zip(bases, np.split(stacked, bounds), strict=True)]
