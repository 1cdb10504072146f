"""What a ranking without any knowledge reaches."""

from __future__ import annotations

import numpy as np

from pipeline.core.splits import Array


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
