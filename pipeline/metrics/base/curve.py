"""Precision at eleven levels of recall: the curve of a ranking."""

from __future__ import annotations

import numpy as np

from pipeline.core.splits import Array
from pipeline.retrieval.hits import Hits

LEVELS = np.linspace(0, 1, 11)
"""Recall 0, .1, ..., 1."""


def precision_at_recall(hits: Hits, relevant: Array) -> Array:
    """Return the largest precision at each level of recall or beyond it (n x 11).

    With ties it follows from the expected number of hits at each rank. Arguments: see Metric.compute.
    """
    precision = np.zeros((len(relevant), len(LEVELS)))
    level = (hits.recalled / relevant[hits.query] * (len(LEVELS) - 1) + 1e-9).astype(np.int64)
    np.maximum.at(precision, (hits.query, level), hits.recalled / hits.rank)
    return np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
