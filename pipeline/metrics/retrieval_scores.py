"""All scores of one retrieval direction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.core.splits import Array
from pipeline.retrieval.hits import CHUNK, ranked
from pipeline.retrieval.ranking import relevant_items

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


def retrieval_scores(queries: Array, gallery: Array, query_labels: Array, gallery_labels: Array) -> RetrievalScores:
    """All scores of one direction; arguments as in average_precision."""
    count = len(queries)
    relevant = np.maximum(relevant_items(query_labels, gallery_labels), 1)
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
        level = (part.expected / relevant[part.query] * (len(LEVELS) - 1) + 1e-9).astype(np.int64)
        np.maximum.at(precision, (part.query, level), part.expected / part.rank)
        tied += len(np.unique(part.query)) if part.tied else 0
    interpolated = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    return RetrievalScores(
        ap=total / relevant,
        ap_at_50=np.divide(total_50, weight_50, out=np.zeros(count), where=weight_50 > 0),
        precision_at_recall=interpolated.mean(axis=0),
        tied=tied / count,
    )
