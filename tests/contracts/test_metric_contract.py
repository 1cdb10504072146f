"""What every file in pipeline/metrics owes to the records and to the report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.core import plugins
from pipeline.core.splits import Array
from pipeline.metrics.base import HEADLINE, Metric, measure, registered
from tests.support.rankings import Data, sample, tied_sample

NAMES = plugins.names("pipeline.metrics")
TESTS = Path(__file__).parents[1] / "metrics"


def values(name: str, data: Data) -> Array:
    return measure({name: registered()[name]}, *data).values[name]


def test_the_headline_is_one_of_them_and_small_k_stands_before_large_k() -> None:
    assert sorted(registered()) == NAMES
    assert next(iter(registered())) == HEADLINE
    ranks = [name for name in registered() if name.startswith("recall")]
    assert ranks == ["recall_at_1", "recall_at_5", "recall_at_10"]


@pytest.mark.parametrize("name", NAMES)
def test_it_has_a_name_digits_and_a_sentence(name: str) -> None:
    metric = plugins.find("pipeline.metrics", name, Metric)
    assert metric.display
    assert 0 <= metric.decimals <= 6
    assert metric.__doc__


@pytest.mark.parametrize("name", NAMES)
def test_it_has_a_test_of_its_own(name: str) -> None:
    assert any(f"from pipeline.metrics.{name} import" in file.read_text() for file in TESTS.glob("test_*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_values_lie_between_nothing_and_a_perfect_ranking(name: str) -> None:
    queries, gallery, query_labels, gallery_labels = sample(300, 60, 8, 3)  # more queries than a chunk holds
    query_labels[2] = 99
    scores = values(name, (queries, gallery, query_labels, gallery_labels))
    assert scores.shape == (300,)
    assert scores.dtype == np.float64
    assert ((scores >= 0) & (scores <= 1)).all()
    assert scores[2] == 0, "no item is relevant"
    perfect = np.eye(3)[[0, 0, 1, 2]]
    np.testing.assert_allclose(values(name, (perfect, perfect, *2 * [np.array([0, 0, 1, 2])])), 1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(4))
def test_ties_count_as_the_mean_over_all_orders(name: str, seed: int) -> None:
    data, orders = tied_sample(seed)
    items = len(orders[0])
    falling = np.sqrt(1 - np.linspace(0, 0.5, items) ** 2)[:, None] * [[1.0, 0]] + np.linspace(0, 0.5, items)[
        :, None
    ] * [[0, 1.0]]
    untied = {
        tuple(order): values(name, (np.array([[1.0, 0]]), falling, np.array([True]), np.array(order)))[0]
        for order in set(map(tuple, orders))
    }
    mean = np.mean([untied[tuple(order)] for order in orders])
    assert values(name, data)[0] == pytest.approx(mean, abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_the_gallery_does_not_matter(name: str) -> None:
    queries, gallery, query_labels, gallery_labels = sample(40, 60, 8, 3)
    gallery[::4] = gallery[0]
    order = np.random.default_rng(1).permutation(60)
    one = values(name, (queries, gallery, query_labels, gallery_labels))
    other = values(name, (queries, gallery[order], query_labels, gallery_labels[order]))
    np.testing.assert_allclose(one, other, atol=1e-12)


def test_one_pass_serves_all() -> None:
    data = sample(40, 60, 8, 3)
    together = measure(registered(), *data).values
    for name, one in together.items():
        np.testing.assert_array_equal(one, values(name, data))
