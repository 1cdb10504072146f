"""What a metric file must offer, and the one pass over the ranking that serves all of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from pipeline.core import plugins
from pipeline.core.splits import Array
from pipeline.metrics.base.curve import LEVELS, precision_at_recall
from pipeline.retrieval.hits import Hits, ranked, relevant_items

HEADLINE = "map"
"""The metric of the headline tables, of every comparison with a paper and of every test."""


class Metric(ABC):
    """A number from 0 to 1 for each query's ranking, higher is better; the table shows its mean over queries.

    display: its name in a table; decimals: digits behind the point there.
    """

    display: ClassVar[str]
    decimals: ClassVar[int] = 3

    @abstractmethod
    def compute(self, hits: Hits, relevant: Array) -> Array:
        """Return the value of each query (n), with ties in expectation over random order.

        hits.query: 0 to n - 1, where a query without relevant items does not occur and must be given 0; relevant:
        number of relevant items in the gallery (n).
        """


@dataclass(frozen=True)
class Scores:
    """The scores of one direction. values: metric -> Q; precision: mean over queries at the 11 LEVELS of recall."""

    values: Mapping[str, Array]
    precision: Array


def registered() -> dict[str, Metric]:
    """Return every metric by the name of its file, short names first, so that recall at 5 stands before that at 10."""
    names = sorted(plugins.names("pipeline.metrics"), key=lambda name: (len(name), name))
    return {name: plugins.build("pipeline.metrics", name, Metric, {}) for name in names}


def measure(
    metrics: Mapping[str, Metric], queries: Array, gallery: Array, query_labels: Array, gallery_labels: Array
) -> Scores:
    """Score the rankings of the queries, sorting them once for all metrics. Arguments: see retrieval.hits.ranked."""
    relevant = relevant_items(query_labels, gallery_labels)
    values = {name: np.zeros(len(queries)) for name in metrics}
    precision = np.zeros((len(queries), len(LEVELS)))
    for part in ranked(queries, gallery, query_labels, gallery_labels):
        rows, query = np.unique(part.query, return_inverse=True)
        hits = replace(part, query=query)
        for name, metric in metrics.items():
            values[name][rows] = metric.compute(hits, relevant[rows])
        precision[rows] = precision_at_recall(hits, relevant[rows])
    return Scores(values, precision.mean(axis=0))
