"""Precision at eleven levels of recall against a loop."""

from __future__ import annotations

import numpy as np

from pipeline.metrics.base import measure
from tests.support.rankings import rankings, sample


def test_it_agrees_with_the_definition() -> None:
    data = sample(40, 300, 24, 6)
    curves = []
    for ranking in rankings(*data):
        hits = np.cumsum(ranking)
        precision, recall = hits / np.arange(1, len(ranking) + 1), hits / hits[-1]
        curves.append([precision[recall >= level - 1e-9].max() for level in np.linspace(0, 1, 11)])
    np.testing.assert_allclose(measure({}, *data).precision, np.mean(curves, axis=0), atol=1e-12)


def test_a_perfect_ranking_and_a_collapsed_one() -> None:
    rows, labels = np.eye(3)[[0, 0, 1, 2]], np.array([0, 0, 1, 2])
    np.testing.assert_array_equal(measure({}, rows, rows, labels, labels).precision, 1)
    labels = np.sort(np.arange(33) % 3)
    same = np.ones((33, 5))
    np.testing.assert_allclose(measure({}, same, same, labels, labels).precision, 1 / 3, atol=1e-12)


def test_a_query_without_relevant_items_has_no_precision() -> None:
    rows = np.eye(2)
    np.testing.assert_array_equal(measure({}, rows, rows, np.array([0, 9]), np.array([0, 1])).precision, 0.5)
