"""AP against its definition and scikit-learn, and ties against the mean over all orders."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from pipeline.core.errors import BadInput
from pipeline.retrieval.hits import ranked, relevant_items
from pipeline.retrieval.ranking import average_precision, directions, mean_average_precision
from tests.support.rankings import average_precision_of, rankings, sample, tied_sample


@pytest.mark.parametrize(("dimension", "tolerance"), [(16, 1e-12), (256, 1e-12), (300, 1e-5), (512, 1e-5)])
def test_agrees_with_the_definition_and_with_sklearn(dimension: int, tolerance: float) -> None:
    data = sample(70, 231, dimension, 7)
    queries, gallery, query_labels, gallery_labels = data
    ours = average_precision(*data)
    np.testing.assert_allclose(ours, [average_precision_of(ranking) for ranking in rankings(*data)], atol=tolerance)
    unit = [rows.astype(np.float64) / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (queries, gallery)]
    theirs = [
        average_precision_score(gallery_labels == label, line)
        for label, line in zip(query_labels, unit[0] @ unit[1].T, strict=True)
    ]
    np.testing.assert_allclose(ours, theirs, atol=tolerance)


def test_a_perfect_and_a_single_item() -> None:
    rows = np.eye(3)[[0, 0, 1, 2]]
    labels = np.array([0, 0, 1, 2])
    np.testing.assert_array_equal(average_precision(rows, rows, labels, labels), 1)
    assert average_precision(rows[:1], rows[:1], labels[:1], labels[:1]) == [1]


@pytest.mark.parametrize("seed", range(4))
def test_expected_ties_equal_the_mean_over_all_orders(seed: int) -> None:
    data, orders = tied_sample(seed)
    mean = np.mean([average_precision_of(order) for order in orders])
    assert average_precision(*data)[0] == pytest.approx(mean, abs=1e-12)


def test_hits_say_how_many_items_are_tied() -> None:
    gallery, labels = np.eye(2)[[0, 0, 0, 1, 1]], np.array([1, 0, 1, 0, 1])
    (hits, plain) = ranked(np.array([[0.8, 0.6]]), gallery, np.array([1]), labels)
    assert not len(plain.rank), "the only query has ties"
    assert hits.rank.tolist() == [1, 2, 3, 4, 5]
    assert hits.tied.tolist() == [3, 3, 3, 2, 2]
    np.testing.assert_allclose(hits.relevance, [2 / 3] * 3 + [1 / 2] * 2)
    np.testing.assert_allclose(hits.recalled, [2 / 3, 4 / 3, 2, 2.5, 3])
    np.testing.assert_allclose(hits.hits, [1, 1.5, 2, 3, 3])


def test_relevant_items_are_counted_by_class() -> None:
    assert relevant_items(np.array([0, 1, 7]), np.array([1, 0, 1, 2])).tolist() == [1, 2, 0]


@pytest.mark.parametrize("dimension", [3, 256, 300, 512])
@pytest.mark.parametrize("count", [33, 231, 462])
def test_a_collapsed_model_scores_chance_whatever_the_order(dimension: int, count: int) -> None:
    rng = np.random.default_rng(0)
    rows = np.tile(rng.standard_normal(dimension).astype(np.float32), (count, 1))
    labels = np.sort(np.arange(count) % 3)  # stored class by class: the order that flatters most
    hits = (labels == 0).sum()
    j = np.arange(1, count + 1)
    chance = ((1 + (j - 1) * (hits - 1) / (count - 1)) / j).mean()
    np.testing.assert_allclose(average_precision(rows, rows, labels, labels), chance, atol=1e-12)


def test_zero_rows_tie_with_everything() -> None:
    labels = np.array([0, 1, 0, 1])
    zero, other = np.zeros((1, 4)), np.random.default_rng(0).standard_normal((4, 4))
    expected = average_precision(np.ones((1, 4)), np.ones((4, 4)), labels[:1], labels)
    np.testing.assert_array_equal(average_precision(zero, other, labels[:1], labels), expected)


def test_a_query_without_relevant_items_scores_zero() -> None:
    queries, gallery, query_labels, gallery_labels = sample(5, 60, 8, 3)
    query_labels[2] = 99
    ap = average_precision(queries, gallery, query_labels, gallery_labels)
    assert ap[2] == 0
    assert (np.delete(ap, 2) > 0).all()


@pytest.mark.parametrize("dimension", [40, 400])
def test_neither_chunks_nor_the_gallery_order_matter(dimension: int) -> None:
    data = sample(90, 500, dimension, 5)
    whole = average_precision(*data)
    for chunk in (1, 7, 64, 1000):
        np.testing.assert_allclose(average_precision(*data, chunk=chunk), whole, atol=1e-6)
    order = np.random.default_rng(2).permutation(500)
    shuffled = average_precision(data[0], data[1][order], data[2], data[3][order])
    np.testing.assert_allclose(shuffled, whole, atol=1e-6)


def test_float32_and_float64_agree() -> None:
    narrow = sample(60, 400, 250, 5)
    padded = tuple(np.pad(rows, ((0, 0), (0, 10))) for rows in narrow[:2])  # 260 dimensions: float32
    np.testing.assert_allclose(
        average_precision(*padded, *narrow[2:]),
        average_precision(*narrow),
        atol=1e-5,
    )


def test_all_directions_of_three_views() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 50)
    embeddings = {view: rng.standard_normal((50, 12)) for view in ("image", "text", "cloud")}
    scores = mean_average_precision(embeddings, dict.fromkeys(embeddings, labels))
    assert list(scores) == [f"{a}->{b}" for a, b in directions(embeddings)]
    assert len(scores) == 6
    one_way = average_precision(embeddings["text"], embeddings["cloud"], labels, labels).mean()
    assert scores["text->cloud"] == one_way


def test_unusable_embeddings_are_refused_in_a_sentence() -> None:
    queries, gallery, query_labels, gallery_labels = sample(5, 6, 4, 2)
    gallery[3, 1] = np.nan
    with pytest.raises(BadInput, match=r"gallery: 1 of 6 embeddings are NaN or infinite, the first in row 3"):
        average_precision(queries, gallery, query_labels, gallery_labels)
    with pytest.raises(BadInput, match="one space"):
        average_precision(queries, gallery[:, :3], query_labels, gallery_labels)
    with pytest.raises(BadInput, match="one label per row"):
        average_precision(queries, queries, query_labels, gallery_labels)
