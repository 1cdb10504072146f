"""Annotators whose true labels are known."""

from __future__ import annotations

import numpy as np

from pipeline.core.splits import Array


def simulated(size: int, reliability: Array, classes: int, seed: int = 0) -> tuple[Array, Array]:
    """n true classes, and n x M labels: annotator m is right with probability reliability[m], else uniformly wrong."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(classes, size=size)
    shape = (size, len(reliability))
    wrong = (truth[:, None] + rng.integers(1, classes, size=shape)) % classes
    return truth, np.where(rng.random(shape) < reliability, truth[:, None], wrong)


def vote_accuracy(labels: Array, truth: Array) -> float:
    """Share of right majorities; of equally many votes any may win."""
    votes = np.eye(labels.max() + 1)[labels].sum(axis=1)
    winners = votes == votes.max(axis=1, keepdims=True)
    return float((winners[np.arange(len(truth)), truth] / winners.sum(axis=1)).mean())
