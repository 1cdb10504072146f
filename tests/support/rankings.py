"""Rankings the slow way: embeddings with labels, the relevance of each result by falling cosine, all orders of ties."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from pipeline.core.splits import Array

Data = tuple[Array, Array, Array, Array]
"""queries (Q x d), gallery (N x d), labels of the queries, labels of the gallery."""


def sample(queries: int, gallery: int, dimension: int, classes: int, seed: int = 0, dtype: type = np.float32) -> Data:
    """Embeddings that know a little about their class, with labels."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((classes, dimension))
    labels = rng.integers(0, classes, queries), rng.integers(0, classes, gallery)
    rows = [(0.3 * centres[part] + rng.standard_normal((len(part), dimension))).astype(dtype) for part in labels]
    return rows[0], rows[1], labels[0], labels[1]


def rankings(queries: Array, gallery: Array, query_labels: Array, gallery_labels: Array) -> list[list[bool]]:
    """Relevance in order of falling cosine, query by query."""
    unit = [rows.astype(np.float64) / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (queries, gallery)]
    cosine = unit[0] @ unit[1].T
    return [
        [bool(gallery_labels[column] == label) for column in np.argsort(-line, kind="stable")]
        for line, label in zip(cosine, query_labels, strict=True)
    ]


def tied_sample(seed: int) -> tuple[Data, list[list[bool]]]:
    """One query before seven items at three cosines, several at each, and its ranking in every order of the items."""
    rng = np.random.default_rng(seed)
    gallery = np.eye(3)[rng.integers(0, 3, 7)]
    query = np.array([[0.9, 0.4, 0.17]])
    labels = rng.integers(0, 2, 7)
    cosine = gallery @ query[0]
    orders = [line[np.argsort(-cosine[line], kind="stable")] for line in np.array(list(permutations(range(7))))]
    return (query, gallery, np.array([1]), labels), [[bool(label) for label in labels[order]] for order in orders]


def average_precision_of(relevant: list[bool]) -> float:
    """AP of one ranking, by its definition."""
    hits, total = 0, 0.0
    for rank, hit in enumerate(relevant, start=1):
        if hit:
            hits += 1
            total += hits / rank
    return total / hits if hits else 0.0
