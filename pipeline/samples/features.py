"""Rows of features that somebody extracted, where there are no raw samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from markupsafe import Markup
from pydantic import PositiveInt

from pipeline.core.errors import BadInput, BadParams
from pipeline.core.splits import Array
from pipeline.samples.base import RngFor
from pipeline.samples.base.arrays import ArrayKind, read_array


class FeatureRows(ArrayKind):
    """n x d float32; one sample per .npy file.

    width: how many numbers a sample has; dataset `folder` needs it.
    """

    display = "features"
    plural = "features in .npy"
    suffixes = frozenset({".npy"})
    axes = (1,)
    dtype = "float32"
    ready = True
    stays_in_files = False

    def __init__(self, width: PositiveInt | None = None) -> None:
        self.width = width

    @property
    def shape(self) -> tuple[int, ...]:
        if self.width is None:
            remedy = "add it: how many numbers a sample has"
            raise BadParams("the setting 'width' is missing", "params.yaml, load.views", remedy)
        return (self.width,)

    def read(self, file: Path, shape: tuple[int, ...], rng_for: RngFor) -> Array:
        numbers, remedy = read_array(file), "put another file there"
        if numbers.size != shape[0]:
            lengths = " x ".join(map(str, numbers.shape))
            raise BadInput(f"it holds {lengths} numbers where one sample has {shape[0]}", str(file), remedy)
        row: Array = numbers.reshape(shape).astype(np.float32)
        if not np.isfinite(row).all():
            raise BadInput("a number is NaN or infinite", str(file), remedy)
        return row

    def thumbnail(self, sample: Array, row: int, side: int) -> Markup:
        return Markup('<span class="features">no picture: features of {} numbers</span>').format(len(sample))
