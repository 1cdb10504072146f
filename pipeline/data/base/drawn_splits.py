"""Draws train, validation and test by class, never tearing a concept apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.core.seeds import generator
from pipeline.core.splits import Array


def draw_splits(labels: Array, concepts: Sequence[str], sizes: Mapping[str, int], seed: int) -> Array:
    """Name of the split of each of n samples, '' for those that no split takes.

    labels: n class indices; concepts: n names, samples of one concept share a split; sizes: samples per
    split, filled in the given order. Every class gets its share of every split; a concept that is larger
    than what is left of its class in one split goes to a later one, so that sizes are never exceeded.
    """
    order = generator(seed, "splits")
    members: dict[str, list[int]] = defaultdict(list)
    for position, concept in enumerate(concepts):
        members[concept].append(position)
    by_class: dict[int, list[list[int]]] = defaultdict(list)
    for positions in members.values():
        by_class[int(labels[positions[0]])].append(positions)

    counts = [sum(map(len, by_class[label])) for label in sorted(by_class)]
    left = {name: _shares(counts, size) for name, size in sizes.items()}
    split = np.full(len(labels), "", dtype="<U5")
    for row, label in enumerate(sorted(by_class)):
        groups = by_class[label]
        for group in order.permutation(len(groups)):
            positions = groups[group]
            taker = next((name for name in sizes if left[name][row] >= len(positions)), "")
            split[positions] = taker
            if taker:
                left[taker][row] -= len(positions)
    return split


def _shares(counts: Sequence[int], size: int) -> Array:
    """Splits size in proportion to counts; the rounded shares add up to size exactly."""
    bounds = np.rint(np.cumsum(counts) * size / sum(counts)).astype(np.int64)
    return np.diff(bounds, prepend=0)
