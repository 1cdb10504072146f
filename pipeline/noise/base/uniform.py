"""Noise that replaces labels by labels drawn uniformly over the classes."""

from __future__ import annotations

from functools import partial

import numpy as np

from pipeline.core.corruption import Corruption
from pipeline.core.errors import BadParams
from pipeline.core.splits import Array, Labels, Views
from pipeline.noise.base import Noise, RngFor, redrawn


class Uniform(Noise):
    """int(rate * n) labels, drawn without replacement, are drawn anew.

    per_pair: one selection and one label for all views of a sample, else every view on its own; exclude_true: uniform
    over the K - 1 wrong classes.
    """

    def __init__(self, per_pair: bool, exclude_true: bool) -> None:
        self.per_pair = per_pair
        self.exclude_true = exclude_true

    def corrupt(self, labels: Labels, classes: int, rate: float, features: Views | None, rng_for: RngFor) -> Corruption:
        if self.exclude_true and classes < 2:
            raise BadParams("there is no wrong class to draw", "params.yaml, exclude_true", "set it to false")
        return redrawn(labels, self.per_pair, rng_for, partial(self._draw, classes, rate))

    def _draw(self, classes: int, rate: float, clean: Array, rng: np.random.Generator) -> Array:
        """n clean labels -> n labels, int(rate * n) of them drawn anew."""
        selected = rng.choice(len(clean), int(rate * len(clean)), replace=False)
        noisy = clean.astype(np.int64)
        if self.exclude_true:
            noisy[selected] = (noisy[selected] + rng.integers(1, classes, len(selected))) % classes
        else:
            noisy[selected] = rng.integers(0, classes, len(selected))
        return noisy
