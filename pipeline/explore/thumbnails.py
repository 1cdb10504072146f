"""One raw sample as a small piece of HTML: a picture, a drawn point cloud, words, or what there is instead of them."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

import numpy as np
from markupsafe import Markup
from PIL import Image

from pipeline.core.datasets import RawView
from pipeline.core.splits import Array

SIDE = 72
"""Width and height of a thumbnail in CSS pixels."""
WORDS = 160
"""Characters of a text that are shown."""
POINTS = 200
"""Points of a cloud that are drawn."""
LAYERS = ((1.8, 0.3), (2.2, 0.5), (2.6, 0.75), (3.0, 1.0))
"""Dot size and opacity in a drawn cloud, from far to near."""
TURN = (np.deg2rad(-10), np.deg2rad(7))
"""How far a drawn cloud is turned about the upright axis, then tipped, so that its depth can be seen."""
FRONT = np.array([[[0, 1, 0], [0, 0, 1], [1, 0, 0]], [[1, 0, 0], [0, 0, 1], [0, -1, 0]], np.eye(3)])
"""Rows right, up and near of the view along x, y and z: z is up, in the view along z itself y."""


def thumbnail(view: RawView, row: int, side: int = SIDE) -> Markup:
    """HTML of one sample, escaped: <img> with its bytes inside, <svg>, <p class="words"> or <span class="features">."""
    return _DRAWN[view.kind](view.samples[row], row, side)


def _picture(pixels: Array, row: int, side: int) -> Markup:
    """pixels: uint8 h x w (x 3). Larger pictures are shrunk to fit the side, smaller ones left to the browser."""
    picture = Image.fromarray(pixels)
    scale = side / max(picture.size)
    width, height = (max(1, round(length * scale)) for length in picture.size)
    if scale < 1:
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=60, method=6)
    return Markup('<img src="data:image/webp;base64,{}" width="{}" height="{}" alt="picture {}">').format(
        base64.b64encode(file.getvalue()).decode(), width, height, row
    )


def _cloud(points: Array, row: int, side: int) -> Markup:
    """points: p x 3. Seen along the axis of smallest extent without perspective; near dots are larger and darker."""
    chosen = points[np.linspace(0, len(points) - 1, min(POINTS, len(points))).astype(int)].astype(np.float64)
    centred = chosen - (chosen.min(axis=0) + chosen.max(axis=0)) / 2
    seen = centred @ FRONT[int(np.ptp(centred, axis=0).argmin())].T @ _turned(*TURN).T
    reach = np.abs(seen[:, :2]).max() or 1.0
    margin = LAYERS[-1][0]
    places = np.rint(side / 2 + seen[:, :2] * [1, -1] * (side / 2 - margin) / reach).astype(int)
    layer = (seen[:, 2].argsort(kind="stable").argsort(kind="stable") * len(LAYERS)) // len(seen)
    paths = [
        Markup('<path stroke-width="{}" opacity="{}" d="{}"/>').format(size, opacity, _dots(places[layer == number]))
        for number, (size, opacity) in enumerate(LAYERS)
    ]
    head = '<svg class="cloud" viewBox="0 0 {0} {0}" width="{0}" height="{0}" role="img" aria-label="point cloud {1}">'
    return Markup(head).format(side, row) + Markup("").join(paths) + Markup("</svg>")


def _turned(about_up: float, tipped: float) -> Array:
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


def _words(text: str, row: int, side: int) -> Markup:
    shown = text if len(text) <= WORDS else text[:WORDS].rsplit(" ", 1)[0] + " …"
    return Markup('<p class="words">{}</p>').format(shown)


def _features(numbers: Array, row: int, side: int) -> Markup:
    return Markup('<span class="features">no picture: features of {} numbers</span>').format(len(numbers))


_DRAWN: dict[str, Callable[[Any, int, int], Markup]] = {
    "image": _picture,
    "cloud": _cloud,
    "text": _words,
    "features": _features,
}
