"""Symmetric noise: some labels are replaced by a label drawn uniformly over the classes.

The protocol of Hu et al., Learning Cross-Modal Retrieval with Noisy Labels (CVPR 2021): int(rate * n) samples
are selected without replacement in every view on its own and get a label drawn uniformly over the K classes,
the true one included, so that a share of (K - 1) / K of the selected labels is really wrong. Their code draws
from K + 1 values, one of which is no class; here it is K.

per_pair: one selection and one label for all views of a sample, as NIRNL and RSHNL do.
exclude_true: uniform over the K - 1 wrong classes, as RONO's label files for 3D MNIST come closest to; harder.
"""

from __future__ import annotations

from functools import partial
from typing import ClassVar

import numpy as np

from pipeline.core.corruption import Corruption
from pipeline.core.errors import BadParams
from pipeline.core.splits import Array, Labels, Views
from pipeline.noise.base import Noise, RngFor, redrawn


class Symmetric(Noise):
    display: ClassVar[str] = "symmetric"

    def __init__(self, per_pair: bool = False, exclude_true: bool = False) -> None:
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
