"""A kind of sample and its extractor that a test adds, each by one file: signals along time."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.samples import base as kinds

SIGNAL = '''"""Signals along time."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup
from pydantic import PositiveInt

from pipeline.core.errors import BadInput
from pipeline.samples.base import Fault
from pipeline.samples.base.arrays import ArrayKind


class Signal(ArrayKind):
    """n x length float32; a sample is a text file with a number per line. length: how many are read."""

    display = "signal"
    plural = "signals"
    suffixes = frozenset({".sig"})
    axes = (1,)
    dtype = "float32"

    def __init__(self, length: PositiveInt = 32) -> None:
        self.length = length

    @property
    def shape(self):
        return (self.length,)

    def read(self, file, shape, rng_for):
        numbers = np.loadtxt(file, dtype=np.float32)
        if len(numbers) < shape[0]:
            raise BadInput(f"it has {len(numbers)} numbers, {shape[0]} are asked for", str(file), "lower `length`")
        return numbers[: shape[0]]

    def faults(self, samples):
        yield from super().faults(samples)
        yield Fault("the signal is constant", np.ptp(samples, axis=1) == 0, "record it again or drop the pair")

    def thumbnail(self, sample, row, side):
        low, high = sample.min(), sample.max()
        heights = np.rint(side * (high - sample) / ((high - low) or 1))
        places = " ".join(f"{x * side // len(sample)},{int(y)}" for x, y in enumerate(heights))
        head = '<svg class="signal" width="{0}" height="{0}" role="img" aria-label="signal {1}">'
        return Markup(head + '<polyline points="{2}"/></svg>').format(side, row, places)
'''
SPECTRUM = '''"""Spectra of signals."""

from __future__ import annotations

import numpy as np

from pipeline.features.base import Extractor
from pipeline.features.base.state import State


class Spectrum(Extractor):
    """Magnitudes of the Fourier transform without their mean in training: n x length -> n x (length // 2 + 1)."""

    display = "Spectrum"
    accepts = frozenset({"signal"})

    def fit(self, samples, seed):
        self.mean_ = self._magnitudes(samples).mean(axis=0)
        return self

    def transform(self, samples, device, progress):
        progress(len(samples), len(samples))
        return self._magnitudes(samples) - self.mean_

    def state(self):
        return State({"mean": self.mean_})

    def restore(self, stored):
        width = stored.arrays["mean"].shape
        self.mean_ = stored.array("mean", width, np.float32, self.title)
        return self

    @staticmethod
    def _magnitudes(samples):
        return np.abs(np.fft.rfft(samples)).astype(np.float32)
'''


@contextmanager
def signals(folder: Path) -> Iterator[None]:
    """Let the packages of kinds and extractors reach into folder, which gets a file for each."""
    added = {"pipeline.samples": ("signal", SIGNAL), "pipeline.features": ("spectrum", SPECTRUM)}
    for package, (name, text) in added.items():
        place = folder / package
        place.mkdir()
        (place / f"{name}.py").write_text(text, encoding="utf-8")
        importlib.import_module(package).__path__.append(str(place))
    kinds.kind.cache_clear()
    try:
        yield
    finally:
        for package, (name, _) in added.items():
            importlib.import_module(package).__path__.remove(str(folder / package))
            sys.modules.pop(f"{package}.{name}", None)
        kinds.kind.cache_clear()
