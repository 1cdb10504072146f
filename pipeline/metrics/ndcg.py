"""Normalised discounted cumulative gain over the complete ranking.

Jarvelin and Kekalainen, Cumulated Gain-Based Evaluation of IR Techniques (ACM TOIS 20, 2002), with the discount
1 / log2(rank + 1) and gain 1 for an item of the query's class.
"""

from __future__ import annotations

import numpy as np

from pipeline.core.splits import Array
from pipeline.metrics.base import Metric
from pipeline.retrieval.hits import Hits


class NormalisedGain(Metric):
    """Sum of the discounts at the ranks of the relevant items, over that sum where they all stand first."""

    display = "NDCG"

    def compute(self, hits: Hits, relevant: Array) -> Array:
        gain = np.bincount(hits.query, hits.relevance / np.log2(hits.rank + 1), len(relevant))
        ideal = np.cumsum(1 / np.log2(np.arange(2, relevant.max(initial=1) + 2)))
        value: Array = gain / ideal[np.maximum(relevant, 1) - 1]
        return value
