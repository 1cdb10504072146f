"""Turns a picture of strokes into a point cloud, by the recipe of the 3D MNIST dataset on Kaggle."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from pipeline.core.errors import BadInput
from pipeline.core.splits import Array

HALF_DEPTH = 3.0
EDGE = np.linspace(-0.5, 0.5, 5)
DEPTH = np.linspace(-HALF_DEPTH, HALF_DEPTH, 30)


def _grid(x: Array | float, y: Array | float, z: Array | float) -> Array:
    return np.stack(np.meshgrid(x, y, z, indexing="ij"), axis=-1).reshape(-1, 3)


FRONT_AND_BACK = np.concatenate([_grid(EDGE, EDGE, HALF_DEPTH), _grid(EDGE, EDGE, -HALF_DEPTH)])
SIDES = (
    ((-1, 0), _grid(-0.5, EDGE, DEPTH)),
    ((1, 0), _grid(0.5, EDGE, DEPTH)),
    ((0, -1), _grid(EDGE, -0.5, DEPTH)),
    ((0, 1), _grid(EDGE, 0.5, DEPTH)),
)
"""Step to the neighbour (row, column) and the 5 x 30 face between it and the pixel."""


def surface(image: Array) -> Array:
    """h x w picture -> m x 3 points (float64) on the surface of its extruded strokes.

    Each nonzero pixel is a box of 1 x 1 x 6 with a 5 x 5 grid on front and back and a 5 x 30 grid on every
    side whose neighbour is empty. The longest extent becomes 1, the mean 0; the axes end as
    (depth, column, minus row), so that the strokes stand upright.
    """
    filled = np.pad(image, 1) != 0
    pixels = np.argwhere(filled)
    if not len(pixels):
        raise BadInput("a picture has no stroke, so no point cloud", "point clouds", "drop the empty picture")
    centres = np.concatenate([pixels, np.zeros((len(pixels), 1))], axis=1)
    faces = [centres[:, None] + FRONT_AND_BACK]
    for step, side in SIDES:
        exposed = ~filled[tuple((pixels + step).T)]
        faces.append(centres[exposed, None] + side)
    points = np.concatenate([face.reshape(-1, 3) for face in faces])
    points /= np.ptp(points, axis=0).max()
    points -= points.mean(axis=0)
    return points[:, [2, 1, 0]] * [1.0, 1.0, -1.0]


def point_cloud(image: Array, points: int, generator: np.random.Generator) -> Array:
    """h x w picture -> points x 3 float32 drawn from its surface, without repeats where there are enough."""
    dense = surface(image)
    chosen = generator.choice(len(dense), points, replace=points > len(dense))
    return dense[chosen].astype(np.float32)


def point_clouds(
    images: Array, points: int, generators: Iterable[np.random.Generator], progress: Callable[[int, int], None]
) -> Array:
    """n x h x w pictures, one generator each -> n x points x 3 float32; progress(done, n) is called as it goes."""
    clouds = np.empty((len(images), points, 3), dtype=np.float32)
    for row, (image, generator) in enumerate(zip(images, generators, strict=True)):
        clouds[row] = point_cloud(image, points, generator)
        progress(row + 1, len(images))
    return clouds
