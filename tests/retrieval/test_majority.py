"""A constant guess of the largest class."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.retrieval.majority import majority_accuracy, majority_map
from pipeline.retrieval.ranking import average_precision

TRAIN = np.array([2, 0, 2, 1, 2])


def test_it_is_right_where_the_test_sample_is_of_the_largest_training_class() -> None:
    assert majority_accuracy(TRAIN, np.array([2, 2, 0, 1])) == 0.5
    assert majority_accuracy(TRAIN, np.array([0, 1])) == 0


@pytest.mark.parametrize(
    "test", [np.repeat([0, 1, 2], [5, 9, 4]), np.repeat([0, 1, 2], [1, 1, 3]), np.repeat([0, 2], 3)]
)
def test_it_is_the_expectation_over_the_order_of_the_others(test: np.ndarray) -> None:
    """Ranked by a similarity that is 1 for that class and equal for the rest, whose ties stand in random order."""
    gallery = np.where(test[:, None] == 2, [1.0, 0.0], [0.0, 1.0])
    ranked = average_precision(np.tile([1.0, 0.0], (len(test), 1)), gallery, test, test).mean()
    assert majority_map(TRAIN, test) == pytest.approx(ranked, abs=1e-12)


def test_where_the_test_split_has_that_class_alone_every_ranking_is_right() -> None:
    assert majority_map(TRAIN, np.array([2, 2])) == 1
