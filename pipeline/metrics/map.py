"""Mean average precision over the complete ranking, the papers' metric (pipeline/retrieval/ranking.py)."""

from __future__ import annotations

import numpy as np

from pipeline.core.splits import Array
from pipeline.metrics.base import Metric
from pipeline.retrieval.hits import Hits
from pipeline.retrieval.ranking import summed_precision


class MeanAveragePrecision(Metric):
    """AP = mean over the relevant items of the precision at their rank; its mean over queries is MAP."""

    display = "MAP"

    def compute(self, hits: Hits, relevant: Array) -> Array:
        return summed_precision(hits, len(relevant)) / np.maximum(relevant, 1)
