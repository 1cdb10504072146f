"""MAP of random rankings."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.retrieval.chance import LEVEL, chance_limit, chance_map
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


def shared(labels: np.ndarray, rng: np.random.Generator) -> float:
    """MAP where every embedding of a query points one way, so that all queries have one ranking."""
    queries, gallery = np.ones((len(labels), 1)), rng.standard_normal((len(labels), 1))
    circle = np.concatenate([np.cos(gallery), np.sin(gallery)], axis=1)
    return float(average_precision(queries * np.array([1.0, 0.0]), circle, labels, labels).mean())


def test_the_limit_is_what_a_ranking_that_all_queries_share_passes_once_in_so_many() -> None:
    labels, rng = np.repeat([0, 1, 2], [30, 20, 10]), np.random.default_rng(1)
    reached = np.array([shared(labels, rng) for _ in range(2000)])
    limit = chance_limit(labels, level=0.05)
    assert np.mean(reached > limit) == pytest.approx(0.05, abs=0.015)
    assert np.mean(reached > chance_limit(labels)) <= 5 * LEVEL


@pytest.mark.parametrize("dimension", [1, 2, 64])
def test_random_features_stay_below_it_whatever_their_dimension(dimension: int) -> None:
    labels, rng = np.arange(120) % 6, np.random.default_rng(2)
    limit = chance_limit(labels)
    for _ in range(300):
        queries, gallery = rng.standard_normal((2, len(labels), dimension))
        assert average_precision(queries, gallery, labels, labels).mean() < limit


def test_a_ranking_that_knows_a_little_passes_it() -> None:
    labels, rng = np.arange(120) % 6, np.random.default_rng(3)
    queries, gallery = 0.5 * np.eye(6)[labels] + 0.5 * rng.standard_normal((2, len(labels), 6))
    assert average_precision(queries, gallery, labels, labels).mean() > chance_limit(labels)


def test_the_limit_is_the_same_every_time_and_none_where_every_ranking_is_right() -> None:
    labels = np.repeat([0, 1], [4, 12])
    assert chance_limit(labels) == chance_limit(labels[::-1]) > chance_map(labels)
    assert chance_limit(np.zeros(7, int)) == chance_limit(np.zeros(1, int)) == 1
