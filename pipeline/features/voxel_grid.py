"""Point clouds as histograms over space."""

from __future__ import annotations

import numpy as np
import torch
from pydantic import PositiveInt

from pipeline.core.progress import Progress
from pipeline.core.splits import Array
from pipeline.features.base import Extractor
from pipeline.samples.base import Samples

HALF = 0.7
"""Half the edge of the cube. Clouds come centred with longest extent 1, so that hardly a point lies outside."""


class VoxelGrid(Extractor):
    """Where a cloud's points lie: n x points x 3 float32 -> n x resolution^3 float32. Nothing is trained.

    A feature is the square root of the density of points in a cell, relative to a uniform cloud: Euclidean
    distance is Hellinger distance (on digits a linear probe reads it better than the plain density), and the
    mean square of a row is 1, which is the scale that networks expect. The cube
    [-0.7, 0.7]^3 is fixed; a point outside counts for the nearest cell.
    """

    display = "Voxel grid"
    accepts = frozenset({"cloud"})

    def __init__(self, resolution: PositiveInt) -> None:
        self.resolution = resolution

    def transform(self, samples: Samples, device: torch.device, progress: Progress) -> Array:
        clouds = np.asarray(samples)
        cells = self.resolution**3
        steps = np.floor((clouds + HALF) * (self.resolution / (2 * HALF))).astype(np.int64)
        x, y, z = np.moveaxis(steps.clip(0, self.resolution - 1), -1, 0)
        cell = (x * self.resolution + y) * self.resolution + z
        cell += np.arange(len(clouds))[:, None] * cells
        counts = np.bincount(cell.ravel(), minlength=len(clouds) * cells)
        progress(len(clouds), len(clouds))
        features: Array = np.sqrt(counts.reshape(len(clouds), cells) * (cells / clouds.shape[1])).astype(np.float32)
        return features
