"""MAP of random rankings."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.retrieval.chance import chance_map
from pipeline.retrieval.ranking import average_precision


def test_it_is_the_expectation_over_a_ranking_of_ties() -> None:
    labels = np.repeat([0, 1, 2], [5, 9, 1])
    alike = np.ones((len(labels), 2))
    assert chance_map(labels) == pytest.approx(average_precision(alike, alike, labels, labels).mean(), abs=1e-12)


def test_random_rankings_reach_it_on_average() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], [4, 12])
    reached = []
    for _ in range(400):
        queries, gallery = rng.standard_normal((2, len(labels), 3))
        reached.append(average_precision(queries, gallery, labels, labels).mean())
    assert np.mean(reached) == pytest.approx(chance_map(labels), abs=4 * np.std(reached) / 20)
    assert chance_map(np.zeros(1, int)) == chance_map(np.zeros(7, int)) == 1
