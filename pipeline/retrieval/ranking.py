"""Mean average precision over the complete ranking by cosine similarity: what validation chooses by.

AP of a query = mean over its relevant items of (relevant items so far / rank); none relevant: 0.

Ties: a collapsed model must not profit from the order in which samples happen to be stored, so AP is the exact
expectation over random order within each group of equal similarity.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations

import numpy as np

from pipeline.core.splits import Array, Embeddings, Labels
from pipeline.retrieval.hits import CHUNK, Hits, ranked, relevant_items


def average_precision(
    queries: Array, gallery: Array, query_labels: Array, gallery_labels: Array, chunk: int = CHUNK
) -> Array:
    """Return AP of each query over the complete gallery (Q, float64). Arguments: see hits.ranked."""
    total = np.zeros(len(queries))
    for hits in ranked(queries, gallery, query_labels, gallery_labels, chunk):
        total += summed_precision(hits, len(queries))
    return total / np.maximum(relevant_items(query_labels, gallery_labels), 1)


def summed_precision(hits: Hits, queries: int) -> Array:
    """Return for each query the sum over its relevant items of the precision at their rank, in expectation (Q)."""
    return np.bincount(hits.query, hits.relevance * hits.hits / hits.rank, queries)


def directions(views: Iterable[str]) -> list[tuple[str, str]]:
    """Return all ordered pairs (query view, gallery view)."""
    return list(permutations(views, 2))


def mean_average_precision(embeddings: Embeddings, labels: Labels) -> dict[str, float]:
    """Return 'a->b' -> MAP of the queries of view a over the gallery of view b, for all directions."""
    return {
        f"{a}->{b}": float(average_precision(embeddings[a], embeddings[b], labels[a], labels[b]).mean())
        for a, b in directions(embeddings)
    }
