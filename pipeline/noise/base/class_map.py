"""Noise that replaces labels by the one class that theirs is mistaken for."""

from __future__ import annotations

from abc import abstractmethod
from functools import partial

import numpy as np

from pipeline.core.corruption import Corruption
from pipeline.core.errors import BadParams
from pipeline.core.splits import Array, Labels, Views
from pipeline.noise.base import Noise, RngFor, redrawn


class ClassMap(Noise):
    """int(rate * n) labels, drawn without replacement over all classes, become what a map of the classes says.

    per_pair: one selection and one label for all views of a sample, else every view on its own.
    """

    def __init__(self, per_pair: bool = False) -> None:
        self.per_pair = per_pair

    @abstractmethod
    def targets(self, classes: int) -> Array:
        """K class indices: what the label of each class becomes."""

    def corrupt(self, labels: Labels, classes: int, rate: float, features: Views | None, rng_for: RngFor) -> Corruption:
        if classes < 2:
            raise BadParams("there is no wrong class", "params.yaml, experiments", "leave this noise out")
        return redrawn(labels, self.per_pair, rng_for, partial(_replace, self.targets(classes), rate))


def _replace(becomes: Array, rate: float, clean: Array, rng: np.random.Generator) -> Array:
    """n clean labels -> n labels, int(rate * n) of them replaced."""
    selected = rng.choice(len(clean), int(rate * len(clean)), replace=False)
    noisy = clean.astype(np.int64)
    noisy[selected] = becomes[noisy[selected]]
    return noisy
