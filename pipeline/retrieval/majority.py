"""What a constant guess of the largest class reaches: nothing of a sample is looked at."""

from __future__ import annotations

import numpy as np
from scipy.stats import binomtest

from pipeline.core.splits import Array
from pipeline.retrieval.chance import LEVEL


def majority_accuracy(train: Array, test: Array) -> float:
    """Test accuracy of always guessing the class that is most frequent in training. train, test: class indices."""
    return float(np.mean(test == np.bincount(train).argmax()))


def majority_map(train: Array, test: Array) -> float:
    """Expected MAP of one ranking for all queries: test samples of that class first, the others in random order.

    Of a query of another class with R relevant items among the m others, behind M of the largest class, an item at
    place k is relevant with probability R / m, and each of the k - 1 before it then with (R - 1) / (m - 1): the
    expected AP is the mean over k = 1..m of (1 + (k - 1) (R - 1) / (m - 1)) / (M + k).
    """
    largest = np.bincount(train).argmax()
    others = test[test != largest]
    m = len(others)
    if not m:
        return 1.0
    relevant = np.bincount(others)[others]
    place = np.arange(1, m + 1)
    before = len(test) - m + place
    alone, beside = np.mean(1 / before), np.mean((place - 1) / max(m - 1, 1) / before)
    return float((len(test) - m + np.sum(alone + (relevant - 1) * beside)) / len(test))


def above_majority(accuracy: float, majority: float, count: int) -> bool:
    """Whether an accuracy on `count` test samples differs from that of the constant guess: one-sided binomial test."""
    return bool(binomtest(round(accuracy * count), count, majority, alternative="greater").pvalue < LEVEL)
