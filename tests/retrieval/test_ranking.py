"""Every score against a slow hand-written reference, and every tie rule against its definition."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from pipeline.core.errors import BadInput
from pipeline.core.splits import Array
from pipeline.metrics.retrieval_scores import retrieval_scores
from pipeline.retrieval.ranking import average_precision, directions, mean_average_precision


def sample(
    queries: int, gallery: int, dimension: int, classes: int, seed: int = 0, dtype: type = np.float32
) -> tuple[Array, Array, Array, Array]:
    """Embeddings that know a little about their class, with labels."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((classes, dimension))
    labels = rng.integers(0, classes, queries), rng.integers(0, classes, gallery)
    rows = [(0.3 * centres[part] + rng.standard_normal((len(part), dimension))).astype(dtype) for part in labels]
    return rows[0], rows[1], labels[0], labels[1]


def ap_of(relevant: list[bool], depth: int | None = None) -> float:
    """AP of one ranking, by its definition; with a depth: normalised by the hits within it."""
    hits, total = 0, 0.0
    for rank, hit in enumerate(relevant[:depth], start=1):
        if hit:
            hits += 1
            total += hits / rank
    return total / hits if hits else 0.0


def rankings(queries: Array, gallery: Array, query_labels: Array, gallery_labels: Array) -> list[list[bool]]:
    """Relevance in order of falling cosine, query by query."""
    unit = [rows.astype(np.float64) / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (queries, gallery)]
    cosine = unit[0] @ unit[1].T
    return [
        [bool(gallery_labels[column] == label) for column in np.argsort(-line, kind="stable")]
        for line, label in zip(cosine, query_labels, strict=True)
    ]


@pytest.mark.parametrize(("dimension", "tolerance"), [(16, 1e-12), (256, 1e-12), (300, 1e-5), (512, 1e-5)])
def test_agrees_with_the_definition_and_with_sklearn(dimension: int, tolerance: float) -> None:
    data = sample(70, 231, dimension, 7)
    queries, gallery, query_labels, gallery_labels = data
    ours = average_precision(*data)
    np.testing.assert_allclose(ours, [ap_of(ranking) for ranking in rankings(*data)], atol=tolerance)
    unit = [rows.astype(np.float64) / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (queries, gallery)]
    theirs = [
        average_precision_score(gallery_labels == label, line)
        for label, line in zip(query_labels, unit[0] @ unit[1].T, strict=True)
    ]
    np.testing.assert_allclose(ours, theirs, atol=tolerance)


def test_all_scores_against_a_slow_reference() -> None:
    data = sample(40, 300, 24, 6)
    scores = retrieval_scores(*data)
    slow = rankings(*data)
    np.testing.assert_allclose(scores.ap, average_precision(*data), atol=0)
    np.testing.assert_allclose(scores.ap_at_50, [ap_of(ranking, 50) for ranking in slow], atol=1e-12)
    assert scores.tied == 0
    curves = []
    for ranking in slow:
        hits = np.cumsum(ranking)
        precision, recall = hits / np.arange(1, len(ranking) + 1), hits / hits[-1]
        curves.append([precision[recall >= level - 1e-9].max() for level in np.linspace(0, 1, 11)])
    np.testing.assert_allclose(scores.precision_at_recall, np.mean(curves, axis=0), atol=1e-12)


def test_a_perfect_and_a_single_item() -> None:
    rows = np.eye(3)[[0, 0, 1, 2]]
    labels = np.array([0, 0, 1, 2])
    scores = retrieval_scores(rows, rows, labels, labels)
    np.testing.assert_array_equal(scores.ap, 1)
    np.testing.assert_array_equal(scores.precision_at_recall, 1)
    assert average_precision(rows[:1], rows[:1], labels[:1], labels[:1]) == [1]


@pytest.mark.parametrize("seed", range(4))
def test_expected_ties_equal_the_mean_over_all_orders(seed: int) -> None:
    rng = np.random.default_rng(seed)
    gallery = np.eye(3)[rng.integers(0, 3, 7)]  # cosines .9, .4, .17 to the query, several items each
    query = np.array([[0.9, 0.4, 0.17]])
    labels = rng.integers(0, 2, 7)
    orders = np.array(list(permutations(range(7))))
    falling = np.array([line[np.argsort(-(gallery @ query[0])[line], kind="stable")] for line in orders])
    relevant = labels[falling] == 1
    precision = np.cumsum(relevant, axis=1) / np.arange(1, 8)
    brute = (precision * relevant).sum(axis=1).mean() / max((labels == 1).sum(), 1)
    assert average_precision(query, gallery, np.array([1]), labels)[0] == pytest.approx(brute, abs=1e-12)


@pytest.mark.parametrize("dimension", [5, 300])
def test_last_and_first_bracket_the_expectation(dimension: int) -> None:
    queries, gallery, query_labels, gallery_labels = sample(30, 40, dimension, 4)
    data = (queries, gallery[np.arange(160) % 40], query_labels, np.random.default_rng(1).integers(0, 4, 160))
    last, expected, first = (average_precision(*data, ties=rule) for rule in ("last", "expected", "first"))
    assert (last < expected).all()
    assert (expected < first).all()
    assert retrieval_scores(*data).tied == 1
    untied = (queries, gallery, query_labels, gallery_labels)
    np.testing.assert_array_equal(average_precision(*untied, ties="last"), average_precision(*untied, ties="first"))


@pytest.mark.parametrize("dimension", [3, 256, 300, 512])
@pytest.mark.parametrize("count", [33, 231, 462])
def test_a_collapsed_model_scores_chance_whatever_the_order(dimension: int, count: int) -> None:
    rng = np.random.default_rng(0)
    rows = np.tile(rng.standard_normal(dimension).astype(np.float32), (count, 1))
    labels = np.sort(np.arange(count) % 3)  # stored class by class: the order that flatters most
    hits = (labels == 0).sum()
    j = np.arange(1, count + 1)
    chance = ((1 + (j - 1) * (hits - 1) / (count - 1)) / j).mean()
    scores = retrieval_scores(rows, rows, labels, labels)
    np.testing.assert_allclose(scores.ap, chance, atol=1e-12)
    assert scores.tied == 1
    assert average_precision(rows, rows, labels, labels, ties="first").min() == 1
    assert average_precision(rows, rows, labels, labels, ties="last").max() < chance
    np.testing.assert_allclose(scores.precision_at_recall, 1 / 3, atol=1e-12)


def test_zero_rows_tie_with_everything() -> None:
    labels = np.array([0, 1, 0, 1])
    zero, other = np.zeros((1, 4)), np.random.default_rng(0).standard_normal((4, 4))
    expected = average_precision(np.ones((1, 4)), np.ones((4, 4)), labels[:1], labels)
    np.testing.assert_array_equal(average_precision(zero, other, labels[:1], labels), expected)


def test_a_query_without_relevant_items_scores_zero() -> None:
    queries, gallery, query_labels, gallery_labels = sample(5, 60, 8, 3)
    query_labels[2] = 99
    scores = retrieval_scores(queries, gallery, query_labels, gallery_labels)
    assert scores.ap[2] == scores.ap_at_50[2] == 0
    assert (np.delete(scores.ap, 2) > 0).all()


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
