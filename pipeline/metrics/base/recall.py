"""Recall at K as deep metric learning reports it: does a query meet its class among the first K results?

Oh Song, Xiang, Jegelka and Savarese, Deep Metric Learning via Lifted Structured Feature Embedding (CVPR 2016),
section 5: the share of queries with at least one relevant item among the K nearest. Relevant is every item of the
query's class, as for MAP; in the retrieval of captions the one paired item is meant instead.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from pipeline.core.splits import Array
from pipeline.metrics.base import Metric
from pipeline.retrieval.hits import Hits


class RecallAt(Metric):
    """The probability that a relevant item is among the first k.

    The first group of equal similarity with relevant items, r of m, stands after a others. Of it min(k - a, m) are
    drawn without replacement, and none of them is relevant with probability prod_i (m - r - i) / (m - i).
    """

    k: ClassVar[int]

    def compute(self, hits: Hits, relevant: Array) -> Array:
        query, first = np.unique(hits.query, return_index=True)
        size = hits.tied[first]
        members = np.rint(hits.relevance[first] * size)
        drawn = np.clip(self.k + 1 - hits.rank[first], 0, size)
        missed = np.ones(len(query))
        for i in range(self.k):
            missed *= np.where(i < drawn, np.maximum(size - members - i, 0) / np.maximum(size - i, 1), 1)
        value = np.zeros(len(relevant))
        value[query] = 1 - missed
        return value
