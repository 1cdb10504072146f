"""Pictures as they are."""

from __future__ import annotations

import numpy as np
import torch

from pipeline.core.progress import Progress
from pipeline.core.splits import Array
from pipeline.features.base import Extractor
from pipeline.samples.base import Samples


class Pixels(Extractor):
    """Flattened pixels: n x h x w (x 3) uint8 -> n x (h w) or n x (h w 3) float32 in [0, 1], untrained."""

    display = "Pixels"
    accepts = frozenset({"image"})

    def transform(self, samples: Samples, device: torch.device, progress: Progress) -> Array:
        features = np.asarray(samples).reshape(len(samples), -1).astype(np.float32) / np.float32(255)
        progress(len(samples), len(samples))
        return features
