"""MAP in the records is the MAP of validation, digit for digit."""

from __future__ import annotations

import numpy as np

from pipeline.metrics.base import measure
from pipeline.metrics.map import MeanAveragePrecision
from pipeline.retrieval.ranking import average_precision
from tests.support.rankings import average_precision_of, rankings, sample


def test_it_is_the_average_precision_of_validation() -> None:
    data = sample(40, 300, 24, 6)
    data[1][::7] = data[1][0]  # some ties
    values = measure({"map": MeanAveragePrecision()}, *data).values["map"]
    np.testing.assert_array_equal(values, average_precision(*data))


def test_it_agrees_with_the_definition() -> None:
    data = sample(40, 300, 24, 6)
    values = measure({"map": MeanAveragePrecision()}, *data).values["map"]
    np.testing.assert_allclose(values, [average_precision_of(ranking) for ranking in rankings(*data)], atol=1e-12)
