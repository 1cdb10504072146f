"""Recall at 1, 5 and 10 against a loop over the first results; the contract test tries every order of ties."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.metrics.base import measure
from pipeline.metrics.base.recall import RecallAt
from pipeline.metrics.recall_at_1 import RecallAt1
from pipeline.metrics.recall_at_5 import RecallAt5
from pipeline.metrics.recall_at_10 import RecallAt10
from tests.support.rankings import rankings, sample

KINDS = {1: RecallAt1, 5: RecallAt5, 10: RecallAt10}


@pytest.mark.parametrize("k", KINDS)
def test_it_looks_at_the_first_k(k: int) -> None:
    data = sample(60, 200, 16, 20)
    values = measure({"recall": KINDS[k]()}, *data).values["recall"]
    np.testing.assert_array_equal(values, [any(ranking[:k]) for ranking in rankings(*data)])
    assert 0 < values.mean() < 1


@pytest.mark.parametrize("k", KINDS)
def test_a_collapsed_model_is_as_good_as_a_lottery(k: int) -> None:
    """k draws without replacement from 40 items, 4 of them relevant."""
    rows, labels = np.ones((40, 3)), np.arange(40) % 10
    missed = np.prod([(36 - i) / (40 - i) for i in range(k)])
    values = measure({"recall": KINDS[k]()}, rows, rows, labels, labels).values["recall"]
    np.testing.assert_allclose(values, 1 - missed, atol=1e-12)


def test_a_gallery_may_be_smaller_than_k() -> None:
    rows, labels = np.eye(3), np.arange(3)
    values = measure({"recall": RecallAt10()}, rows, rows, labels, np.array([0, 0, 1])).values["recall"]
    np.testing.assert_array_equal(values, [1, 1, 0])


def test_k_ends_within_a_tie() -> None:
    """The query's own item first, then three at one place, one of them relevant to the second query."""

    class RecallAt2(RecallAt):
        k = 2

    gallery = np.eye(2)[[0, 1, 1, 1]]
    queries, labels = np.array([[0.9, 0.1], [0.9, 0.1]]), np.array([0, 1, 2, 2])
    values = measure({"recall": RecallAt2()}, queries, gallery, np.array([0, 1]), labels).values["recall"]
    np.testing.assert_allclose(values, [1, 1 / 3], atol=1e-12)
