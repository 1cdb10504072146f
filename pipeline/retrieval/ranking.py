"""Mean average precision over the complete ranking, by cosine similarity.

AP of a query = mean over its relevant items of (relevant items so far / rank); none relevant: 0.

Ties: a collapsed model must not profit from the order in which samples happen to be stored. "expected" is the
exact expectation over random order within each group of equal similarity; "last" and "first" rank the relevant
items of a group last or first, its lower and upper bound.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations

import numpy as np

from pipeline.core.splits import Array, Embeddings, Labels
from pipeline.retrieval.hits import CHUNK, Ties, ranked


def average_precision(
    queries: Array,
    gallery: Array,
    query_labels: Array,
    gallery_labels: Array,
    *,
    ties: Ties = "expected",
    chunk: int = CHUNK,
) -> Array:
    """AP of each query over the complete gallery (Q, float64).

    queries Q x d, gallery N x d: rows are scaled to unit length, a zero row has similarity 0 to everything.
    Works on chunk x N similarities at a time, in float64 up to 256 dimensions and in float32 above.
    """
    total = np.zeros(len(queries))
    for part in ranked(queries, gallery, query_labels, gallery_labels, ties, chunk):
        total += np.bincount(part.query, part.weight * part.hits / part.rank, len(queries))
    return total / np.maximum(relevant_items(query_labels, gallery_labels), 1)


def directions(views: Iterable[str]) -> list[tuple[str, str]]:
    """All ordered pairs (query view, gallery view)."""
    return list(permutations(views, 2))


def mean_average_precision(embeddings: Embeddings, labels: Labels) -> dict[str, float]:
    """'a->b' -> MAP of the queries of view a over the gallery of view b, for all directions."""
    return {
        f"{a}->{b}": float(average_precision(embeddings[a], embeddings[b], labels[a], labels[b]).mean())
        for a, b in directions(embeddings)
    }


def relevant_items(query_labels: Array, gallery_labels: Array) -> Array:
    """Number of relevant gallery items of each query."""
    ordered = np.sort(gallery_labels)
    low, high = (np.searchsorted(ordered, query_labels, side=side) for side in ("left", "right"))
    return np.asarray(high - low)
