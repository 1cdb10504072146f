"""Features of encoders that others have trained, brought to the scale on which methods train."""

from __future__ import annotations

from abc import abstractmethod
from typing import Self

import numpy as np
import torch

from pipeline.core.progress import Progress, quiet
from pipeline.core.splits import Array
from pipeline.features.base import Extractor
from pipeline.features.base.state import State
from pipeline.samples.base import Samples

SAMPLE = 200
"""About how many training samples give the mean and deviation of the features."""
SMALLEST = 0.01
"""A feature's deviation counts as at least this share of the average one, so that a dead feature stays small."""


class Standardised(Extractor):
    """An encoder without its mean and deviation: n samples -> n x d float32.

    Encoders for texts give vectors of length 1 that lie close together, E5's with cosines above .7, on which a network
    learns slowly. fit takes mean and standard deviation of every feature from some 200 training samples, transform
    removes them. The encoder itself is not trained.
    """

    @abstractmethod
    def encode(self, samples: Samples, device: torch.device, progress: Progress) -> Array:
        """n samples -> n x d float32, as the encoder gives them; progress(done, n) is called as it goes."""

    def fit(self, samples: Samples, seed: int) -> Self:
        some = self.encode(samples[:: max(1, len(samples) // SAMPLE)], torch.device("cpu"), quiet)
        deviation = some.std(axis=0)
        self.mean_ = some.mean(axis=0)
        self.scale_ = np.maximum(deviation, SMALLEST * deviation.mean()) if deviation.any() else np.ones_like(deviation)
        return self

    def transform(self, samples: Samples, device: torch.device, progress: Progress) -> Array:
        features: Array = (self.encode(samples, device, progress) - self.mean_) / self.scale_
        return features

    def state(self) -> State:
        return State({"mean": self.mean_, "scale": self.scale_}, weights=self.shipped())

    def restore(self, stored: State) -> Self:
        super().restore(stored)
        shape = stored.arrays.get("mean", np.empty(0)).shape
        self.mean_, self.scale_ = (stored.array(name, shape, np.float32, self.title) for name in ("mean", "scale"))
        return self
