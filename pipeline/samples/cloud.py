"""Point clouds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from markupsafe import Markup
from pydantic import PositiveInt

from pipeline.core.splits import Array
from pipeline.samples.base import Fault, RngFor, Samples
from pipeline.samples.base.arrays import ArrayKind
from pipeline.samples.base.clouds import SUFFIXES, read_cloud

DRAWN = 200
"""Points of a cloud on a thumbnail."""
LAYERS = ((1.8, 0.3), (2.2, 0.5), (2.6, 0.75), (3.0, 1.0))
"""Dot size and opacity in a drawn cloud, from far to near."""
TURN = (np.deg2rad(-10), np.deg2rad(7))
"""How far a drawn cloud is turned about the upright axis, then tipped, so that its depth can be seen."""
FRONT = np.array([[[0, 1, 0], [0, 0, 1], [1, 0, 0]], [[1, 0, 0], [0, 0, 1], [0, -1, 0]], np.eye(3)])
"""Rows right, up and near of the view along x, y and z: z is up, in the view along z itself y."""

HEAD = '<svg class="cloud" viewBox="0 0 {0} {0}" width="{0}" height="{0}" role="img" aria-label="point cloud {1}">'
PATH = '<path stroke-width="{}" opacity="{}" d="{}"/>'


class Cloud(ArrayKind):
    """n x points x 3 float32. points: how many are taken of every file."""

    display = "point cloud"
    plural = "point clouds"
    suffixes = SUFFIXES
    axes = (2,)
    dtype = "float32"

    def __init__(self, points: PositiveInt = 1024) -> None:
        self.points = points

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.points, 3)

    def fits(self, shape: Sequence[int]) -> bool:
        return len(shape) in self.axes and shape[-1] == 3

    def read(self, file: Path, shape: tuple[int, ...], rng_for: RngFor) -> Array:
        return read_cloud(file, shape[0], rng_for("points"))

    def faults(self, samples: Samples) -> Iterator[Fault]:
        """NaN and infinite numbers; clouds of a single point; rows of zeros that fill a cloud up."""
        yield from super().faults(samples)
        clouds = np.asarray(samples)
        single = (clouds.min(axis=1) == clouds.max(axis=1)).all(axis=1)
        yield Fault("all points of the cloud are equal", single, "mend the numbers or drop the pair")
        padded = ((clouds == 0).all(axis=2).sum(axis=1) > 1) & ~single
        yield Fault("several points of the cloud are 0, 0, 0", padded, "leave padding out and store fewer points")

    def thumbnail(self, sample: Array, row: int, side: int) -> Markup:
        """Seen along the axis of smallest extent without perspective; near dots are larger and darker."""
        chosen = sample[np.linspace(0, len(sample) - 1, min(DRAWN, len(sample))).astype(int)].astype(np.float64)
        centred = chosen - (chosen.min(axis=0) + chosen.max(axis=0)) / 2
        seen = centred @ FRONT[int(np.ptp(centred, axis=0).argmin())].T @ _rotation(*TURN).T
        reach = np.abs(seen[:, :2]).max() or 1.0
        margin = LAYERS[-1][0]
        places = np.rint(side / 2 + seen[:, :2] * [1, -1] * (side / 2 - margin) / reach).astype(int)
        layer = (seen[:, 2].argsort(kind="stable").argsort(kind="stable") * len(LAYERS)) // len(seen)
        paths = [
            Markup(PATH).format(size, opacity, _dots(places[layer == number]))
            for number, (size, opacity) in enumerate(LAYERS)
        ]
        return Markup(HEAD).format(side, row) + Markup("").join(paths) + Markup("</svg>")


def _rotation(about_up: float, tipped: float) -> Array:
    """Rotation about the second axis, then about the first (3 x 3); angles in radians."""
    c, s = np.cos(about_up), np.sin(about_up)
    yaw = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    c, s = np.cos(tipped), np.sin(tipped)
    rotation: Array = np.array([[1, 0, 0], [0, c, -s], [0, s, c]]) @ yaw
    return rotation


def _dots(places: Array) -> str:
    """Path data of a dot at each distinct place (p x 2 integers): zero-length lines, which round caps make visible."""
    ordered = np.unique(places, axis=0)
    steps = np.diff(ordered, axis=0, prepend=0)
    return "".join(f"m{x}{' ' if y >= 0 else ''}{y}h0" for x, y in steps.tolist())
