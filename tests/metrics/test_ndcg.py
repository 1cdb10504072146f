"""NDCG against its definition and scikit-learn, which spreads the gain of ties as well."""

from __future__ import annotations

from math import log2

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from pipeline.core.splits import Array
from pipeline.metrics.base import measure
from pipeline.metrics.ndcg import NormalisedGain
from tests.support.rankings import Data, rankings, sample


def ndcg(data: Data) -> Array:
    return measure({"ndcg": NormalisedGain()}, *data).values["ndcg"]


def slow(relevant: list[bool]) -> float:
    gain = sum(1 / log2(rank + 1) for rank, hit in enumerate(relevant, start=1) if hit)
    ideal = sum(1 / log2(rank + 1) for rank in range(1, sum(relevant) + 1))
    return gain / ideal if ideal else 0.0


def test_it_agrees_with_the_definition() -> None:
    data = sample(40, 300, 24, 6)
    np.testing.assert_allclose(ndcg(data), [slow(ranking) for ranking in rankings(*data)], atol=1e-12)


@pytest.mark.parametrize("tied", [False, True])
def test_it_agrees_with_scikit_learn(tied: bool) -> None:
    queries, gallery, query_labels, gallery_labels = sample(30, 80, 12, 5, dtype=np.float64)
    if tied:
        gallery[::3] = gallery[0]
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (queries, gallery)]
    cosine = np.round(unit[0] @ unit[1].T, 12)
    theirs = [
        ndcg_score([gallery_labels == label], [line], ignore_ties=not tied)
        for label, line in zip(query_labels, cosine, strict=True)
    ]
    np.testing.assert_allclose(ndcg((queries, gallery, query_labels, gallery_labels)), theirs, atol=1e-12)
