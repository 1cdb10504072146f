"""Sign bits against plain loops over codes and against every order of ties; what the projections are."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest

from pipeline.core.readouts import BITS
from pipeline.core.splits import Array
from pipeline.retrieval.sign_bits import codes, hamming_precision, projection
from tests.support.rankings import average_precision_of, sample


def bits_of(row: Array, bits: int) -> list[bool]:
    """The code of one embedding, bit by bit."""
    columns = np.eye(bits) if len(row) == bits else projection(len(row), bits)
    return [sum(float(x) * float(w) for x, w in zip(row, column, strict=True)) > 0 for column in columns.T]


def distances(query: list[bool], gallery: list[list[bool]]) -> list[int]:
    return [sum(a != b for a, b in zip(query, code, strict=True)) for code in gallery]


def expected_precision(distance: list[int], relevant: list[bool]) -> float:
    """AP in exact expectation: each relevant item stands at each place among those of its distance equally often."""
    if not any(relevant):
        return 0.0
    total = Fraction(0)
    for own, hit in zip(distance, relevant, strict=True):
        if hit:
            closer = sum(other < own for other in distance)
            hits = sum(other < own and label for other, label in zip(distance, relevant, strict=True))
            tied = sum(other == own for other in distance)
            others = sum(other == own and label for other, label in zip(distance, relevant, strict=True)) - 1
            for before in range(tied):  # of the items at this distance, so many stand before this one
                among = Fraction(others * before, max(tied - 1, 1))
                total += (hits + among + 1) / (closer + before + 1) / tied
    return float(total / sum(relevant))


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("dimension", [9, "bits", 200])
def test_average_precision_is_that_of_a_double_loop(dimension: int | str, bits: int) -> None:
    width = bits if dimension == "bits" else int(dimension)
    queries, gallery, query_labels, gallery_labels = sample(25, 40, width, 4)
    query_labels[3] = 99  # nothing is relevant to it
    theirs = [bits_of(row, bits) for row in gallery]
    expected = [
        expected_precision(distances(bits_of(row, bits), theirs), (gallery_labels == label).tolist())
        for row, label in zip(queries, query_labels, strict=True)
    ]
    ranked = codes({"image": queries, "text": gallery}, bits)
    ours = hamming_precision(ranked["image"], ranked["text"], query_labels, gallery_labels)
    np.testing.assert_allclose(ours, expected, atol=1e-12)


def at_distances(flips: list[int], bits: int) -> tuple[Array, Array]:
    """A random code as query (1 x bits), and codes with so many other bits."""
    rng = np.random.default_rng(bits)
    query = rng.choice([-1.0, 1.0], (1, bits))
    gallery = np.repeat(query, len(flips), axis=0)
    for row, flipped in zip(gallery, flips, strict=True):
        row[rng.choice(bits, flipped, replace=False)] *= -1
    return query, gallery


@pytest.mark.parametrize("bits", BITS)
def test_expected_ties_equal_the_mean_over_all_orders(bits: int) -> None:
    flips, labels = [3, 3, 3, 3, 5, 5, 5], np.array([0, 1, 1, 0, 0, 1, 0])
    query, gallery = at_distances(flips, bits)
    ranked = codes({"image": query, "text": gallery}, bits)
    ours = hamming_precision(ranked["image"], ranked["text"], np.array([1]), labels)
    orders = [(*near, *far) for near in permutations(labels[:4]) for far in permutations(labels[4:])]
    mean = np.mean([average_precision_of(list(map(bool, order))) for order in orders])
    assert ours[0] == pytest.approx(mean, abs=1e-12)
    assert expected_precision(flips, (labels == 1).tolist()) == pytest.approx(mean, abs=1e-12)


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("dimension", [9, "bits", 200])
def test_the_product_of_codes_tells_the_hamming_distance(dimension: int | str, bits: int) -> None:
    rows = sample(2, 6, bits if dimension == "bits" else int(dimension), 2)
    ranked = codes({"image": rows[0], "text": rows[1]}, bits)
    theirs = [bits_of(row, bits) for row in rows[1]]
    for row, query in zip(ranked["image"], rows[0], strict=True):
        product = ranked["text"] @ row / len(row)
        assert product.tolist() == [1 - 2 * distance / bits for distance in distances(bits_of(query, bits), theirs)]


def test_a_scale_changes_no_code() -> None:
    rows = sample(5, 40, 30, 3)[1]
    scaled = rows * np.linspace(0.01, 100, len(rows))[:, None].astype(np.float32)
    ranked = codes({"image": rows, "text": scaled}, 64)
    np.testing.assert_array_equal(ranked["image"], ranked["text"])


@pytest.mark.parametrize(("dimension", "bits"), [(9, 128), (16, 128), (100, 128), (128, 64), (300, 16), (1, 16)])
def test_columns_are_orthonormal_batch_by_batch_and_always_the_same(dimension: int, bits: int) -> None:
    columns = projection(dimension, bits)
    assert columns.shape == (dimension, bits)
    for start in range(0, bits, dimension):
        batch = columns[:, start : start + dimension]
        np.testing.assert_allclose(batch.T @ batch, np.eye(batch.shape[1]), atol=1e-12)
    projection.cache_clear()
    np.testing.assert_array_equal(projection(dimension, bits), columns)
    np.testing.assert_allclose(projection(dimension, 16), columns[:, :16], atol=1e-12)


@pytest.mark.parametrize("dimension", [3, 9, 200])
def test_bits_differ_in_proportion_to_the_angle(dimension: int) -> None:
    """Over many pairs, whose directions are as good as random projections of one pair."""
    rng = np.random.default_rng(0)
    first = rng.standard_normal((4000, dimension))
    other = rng.standard_normal(first.shape)
    other -= first * (np.sum(first * other, axis=1) / np.sum(first**2, axis=1))[:, None]
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (first, other)]
    angle = 0.7
    signs = codes({"image": unit[0], "text": np.cos(angle) * unit[0] + np.sin(angle) * unit[1]}, 16)
    assert np.mean(signs["image"] != signs["text"]) == pytest.approx(angle / np.pi, abs=0.01)


def test_collapsed_embeddings_rank_at_random_whatever_the_order() -> None:
    labels = np.repeat([0, 1], 5)
    ranked = codes(dict.fromkeys(("image", "text"), np.zeros((10, 4))), 16)
    ours = hamming_precision(ranked["image"], ranked["text"], labels, labels)
    np.testing.assert_allclose(ours, expected_precision([0] * 10, [True] * 5 + [False] * 5), atol=1e-12)
