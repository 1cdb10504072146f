"""What a ranking without any knowledge reaches."""

from __future__ import annotations

import numpy as np

from pipeline.core.seeds import generator
from pipeline.core.splits import Array

LEVEL = 0.001
"""One ranking without knowledge in so many is above the limit: methods times directions of a page stay below .05."""
RANKINGS = 4999
CHUNK = 2**22
"""Ranks that are drawn at once."""


def chance_map(labels: Array) -> float:
    """Expected MAP of rankings in random order, queries and gallery having these n labels.

    Of a query with R relevant items among n, the expected AP is (H + (R - 1) / (n - 1) (n - H)) / n, where H is the
    n-th harmonic number: an item at rank k is relevant with probability R / n, and each of the k - 1 before it then
    with (R - 1) / (n - 1).
    """
    n = len(labels)
    if n < 2:
        return 1.0
    relevant = np.bincount(labels)[labels]
    harmonic = np.sum(1 / np.arange(1, n + 1))
    return float(np.mean((harmonic + (relevant - 1) / (n - 1) * (n - harmonic)) / n))


def chance_limit(labels: Array, rankings: int = RANKINGS, level: float = LEVEL) -> float:
    """The MAP that differs from chance: a ranking without knowledge passes it with probability `level`.

    Drawn are rankings of the gallery in random order that all queries share. Rankings of different queries that know
    nothing of classes vary together at most as much as one that they share, as where all embeddings point one way, so
    that the limit holds for them too. With it one needs the n test labels alone, and neither embeddings nor AP.
    """
    classes = np.sort(labels)
    n = len(classes)
    _, first, counts = np.unique(classes, return_index=True, return_counts=True)
    hits = np.arange(1, n + 1) - np.repeat(first, counts)
    blocks, rng = classes * n, generator(0, "chance")
    maps = []
    for start in range(0, rankings, rows := max(1, CHUNK // n)):
        ranks = rng.permuted(np.tile(np.arange(1, n + 1), (min(rows, rankings - start), 1)), axis=1)
        # Sorted within each class, the j-th rank has j hits; AP of a query weighs 1 / R, and R of n queries share it.
        maps.append(np.mean(hits / (np.sort(ranks + blocks, axis=1) - blocks), axis=1))
    return float(np.quantile(np.concatenate(maps), 1 - level, method="higher"))
