"""Exact retrieval scores over the complete ranking: MAP of every gallery item, by cosine similarity.

AP of a query = mean over its relevant items of (relevant items so far / rank); none relevant: 0.

Ties: a collapsed model must not profit from the order in which samples happen to be stored. "expected" is the
exact expectation over random order within each group of equal similarity; "last" and "first" rank the relevant
items of a group last or first, its lower and upper bound.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from pipeline.core.splits import Array, Embeddings, Labels
from pipeline.retrieval.hits import CHUNK, Ties, ranked

LEVELS = np.linspace(0, 1, 11)
"""Recall levels of the interpolated precision."""


@dataclass(frozen=True)
class RetrievalScores:
    """Scores of one direction, ties in expectation over random order.

    ap: Q; ap_at_50: Q, sum over the hits within rank 50 divided by their number, 0 if there is none (where ties
    leave both to chance: ratio of their expectations); precision_at_recall: 11, interpolated at recall
    0, .1, ..., 1, mean over queries (with ties: from the expected number of hits at each rank);
    tied: share of queries that have a relevant and an irrelevant item of equal similarity.
    """

    ap: Array
    ap_at_50: Array
    precision_at_recall: Array
    tied: float


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
    return total / np.maximum(_relevant(query_labels, gallery_labels), 1)


def retrieval_scores(queries: Array, gallery: Array, query_labels: Array, gallery_labels: Array) -> RetrievalScores:
    """All scores of one direction; arguments as in average_precision."""
    count = len(queries)
    relevant = np.maximum(_relevant(query_labels, gallery_labels), 1)
    total, total_50, weight_50 = np.zeros((3, count))
    precision = np.zeros((count, len(LEVELS)))
    tied = 0
    for part in ranked(queries, gallery, query_labels, gallery_labels, "expected", CHUNK):
        gain = part.weight * part.hits / part.rank
        weight = np.broadcast_to(part.weight, gain.shape)
        early = part.rank <= 50
        total += np.bincount(part.query, gain, count)
        total_50 += np.bincount(part.query[early], gain[early], count)
        weight_50 += np.bincount(part.query[early], weight[early], count)
        level = (part.found / relevant[part.query] * (len(LEVELS) - 1) + 1e-9).astype(np.int64)
        np.maximum.at(precision, (part.query, level), part.found / part.rank)
        tied += len(np.unique(part.query)) if part.tied else 0
    interpolated = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    return RetrievalScores(
        ap=total / relevant,
        ap_at_50=np.divide(total_50, weight_50, out=np.zeros(count), where=weight_50 > 0),
        precision_at_recall=interpolated.mean(axis=0),
        tied=tied / count,
    )


def directions(views: Iterable[str]) -> list[tuple[str, str]]:
    """All ordered pairs (query view, gallery view)."""
    return list(permutations(views, 2))


def mean_average_precision(embeddings: Embeddings, labels: Labels) -> dict[str, float]:
    """'a->b' -> MAP of the queries of view a over the gallery of view b, for all directions."""
    return {
        f"{a}->{b}": float(average_precision(embeddings[a], embeddings[b], labels[a], labels[b]).mean())
        for a, b in directions(embeddings)
    }


def _relevant(query_labels: Array, gallery_labels: Array) -> Array:
    """Number of relevant gallery items of each query."""
    ordered = np.sort(gallery_labels)
    low, high = (np.searchsorted(ordered, query_labels, side=side) for side in ("left", "right"))
    return np.asarray(high - low)
