"""Parametric shapes as labelled point clouds: what a point-cloud network can learn from when there is no data.

Solids are given by their surfaces, strokes by curves in the plane with a thickness. No shape is made from a digit or
from any other sample of a dataset.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.core.seeds import generator
from pipeline.core.splits import Array

Family = Callable[[int, np.random.Generator], Array]
TURN = 2 * np.pi
STEPS = 100
"""Pieces that a curve is drawn with."""


def cloud(family: str, points: int, draw: np.random.Generator) -> Array:
    """points x 3 float32 on one random member of a family: longest extent 1, mean 0, as the digits' clouds."""
    shape = FAMILIES[family](points, draw)
    shape = shape * draw.uniform(0.75, 1.25, 3) @ _small_rotation(draw).T
    shape = shape / np.ptp(shape, axis=0).max() + draw.normal(0, draw.uniform(0, 0.01), shape.shape)
    shape /= np.ptp(shape, axis=0).max()
    centred: Array = (shape - shape.mean(axis=0)).astype(np.float32)
    return centred


def labelled_clouds(count: int, points: int, seed: int) -> tuple[Array, Array]:
    """count x points x 3 float32 and their families (count, int64), each family as often as every other.

    Shape i depends on (seed, i) alone.
    """
    names = list(FAMILIES)
    labels = np.arange(count) % len(names)
    rows = [cloud(names[label], points, generator(seed, "shapes", str(row))) for row, label in enumerate(labels)]
    return np.stack(rows), labels


def _small_rotation(draw: np.random.Generator, spread: float = 0.15) -> Array:
    """3 x 3: normal angles about the three axes, spread in radians."""
    (cx, cy, cz), (sx, sy, sz) = (part(draw.normal(0, spread, 3)) for part in (np.cos, np.sin))
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    rotation: Array = about_x @ about_y @ about_z
    return rotation


def _sphere(points: int, draw: np.random.Generator) -> Array:
    """points x 3, uniform on the unit sphere."""
    normal = draw.normal(size=(points, 3))
    unit: Array = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    return unit


def _ellipsoid(points: int, draw: np.random.Generator) -> Array:
    return _sphere(points, draw) * [draw.uniform(0.2, 0.5), draw.uniform(0.4, 0.7), 1]


def _box(points: int, draw: np.random.Generator) -> Array:
    sides = draw.uniform(0.3, 1, 3)
    shape = draw.uniform(-1, 1, (points, 3))
    areas = sides.prod() / sides
    axis = draw.choice(3, points, p=areas / areas.sum())
    shape[np.arange(points), axis] = np.where(draw.random(points) < 0.5, -1, 1)
    return shape * sides


def _turned(radius: Array, height: Array, draw: np.random.Generator) -> Array:
    """Points at a distance and height, turned about the third axis by random angles."""
    angle = draw.uniform(0, TURN, len(radius))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1)


def _cylinder(points: int, draw: np.random.Generator) -> Array:
    height = draw.uniform(0.7, 3)
    on_side = draw.random(points) < height / (height + 1)
    radius = np.where(on_side, 1, np.sqrt(draw.random(points)))
    level = np.where(on_side, draw.uniform(-0.5, 0.5, points), np.where(draw.random(points) < 0.5, -0.5, 0.5))
    return _turned(radius, height * level, draw)


def _cone(points: int, draw: np.random.Generator) -> Array:
    on_base = draw.random(points) < 0.25
    radius = np.sqrt(draw.random(points))
    return _turned(radius, np.where(on_base, 0, draw.uniform(1, 3) * (1 - radius)), draw)


def _torus(points: int, draw: np.random.Generator) -> Array:
    angle, thickness = draw.uniform(0, TURN, points), draw.uniform(0.15, 0.45)
    return _turned(1 + thickness * np.cos(angle), thickness * np.sin(angle), draw)


def _pyramid(points: int, draw: np.random.Generator) -> Array:
    height, level = draw.uniform(1, 3), 1 - np.sqrt(draw.random(points))
    along = draw.uniform(-1, 1, points)
    edge = np.where(draw.random(points) < 0.5, -1, 1)
    swap = draw.random(points) < 0.5
    x, y = np.where(swap, along, edge), np.where(swap, edge, along)
    on_base = draw.random(points) < 0.25
    base = draw.uniform(-1, 1, (points, 3)) * [1, 1, 0]
    return np.where(on_base[:, None], base, np.stack([x * (1 - level), y * (1 - level), height * level], axis=1))


def _capsule(points: int, draw: np.random.Generator) -> Array:
    height = draw.uniform(1, 4)
    shape = _sphere(points, draw)
    on_side = draw.random(points) < height / (height + 2)
    shape[:, 2] += np.sign(shape[:, 2]) * height / 2
    side = _turned(np.ones(points), draw.uniform(-height / 2, height / 2, points), draw)
    return np.where(on_side[:, None], side, shape)


def _bowl(points: int, draw: np.random.Generator) -> Array:
    shape = _sphere(points, draw)
    shape[:, 2] = -np.abs(shape[:, 2]) * draw.uniform(0.6, 1.2)
    return shape


def _helix(points: int, draw: np.random.Generator) -> Array:
    angle = draw.uniform(0, TURN * draw.uniform(1.5, 4), points)
    curve = np.stack([np.cos(angle), np.sin(angle), angle * draw.uniform(0.1, 0.3)], axis=1)
    return curve + draw.uniform(0.05, 0.2) * _sphere(points, draw)


def _stroke(*curves: Array, points: int, draw: np.random.Generator) -> Array:
    """points x 3 on the surface of a thick stroke along curves in the plane (m x 2 each).

    The plane is that of the second and third axis. The stroke is a tube or a ribbon that stands upright on the
    plane: walls left and right of the curve, and lids.
    """
    warp, phase = draw.normal(0, 0.08, 2), draw.uniform(0, TURN, 2)
    bent = [curve + warp * np.sin(2 * curve[:, ::-1] + phase) for curve in curves]
    start = np.concatenate([curve[:-1] for curve in bent])
    step = np.concatenate([np.diff(curve, axis=0) for curve in bent])
    length = np.linalg.norm(step, axis=1)
    piece = draw.choice(len(step), points, p=length / length.sum())
    place = start[piece] + draw.random((points, 1)) * step[piece]
    normal = step[piece][:, ::-1] * [1, -1] / length[piece, None]
    width, depth = draw.uniform(0.08, 0.22), draw.uniform(0.15, 0.4)
    if draw.random() < 0.3:
        angle = draw.uniform(0, TURN, points)
        across, up = width * np.cos(angle), width * np.sin(angle)
    else:
        on_wall = draw.random(points) < 0.75
        edge = np.where(draw.random(points) < 0.5, -1, 1)
        across = width * np.where(on_wall, edge, draw.uniform(-1, 1, points))
        up = depth * np.where(on_wall, draw.uniform(-1, 1, points), edge)
    return np.column_stack([up, place + across[:, None] * normal])


def _lines(*corners: tuple[float, float]) -> Array:
    """m x 2 along straight lines from corner to corner."""
    places = np.linspace(0, len(corners) - 1, STEPS + 1)
    return np.stack([np.interp(places, range(len(corners)), axis) for axis in zip(*corners, strict=True)], axis=1)


def _arc(start: float, stop: float, radius: float = 1, centre: tuple[float, float] = (0, 0)) -> Array:
    """m x 2 along a circle, angles in turns from the second axis towards the third."""
    angle = TURN * np.linspace(start, stop, STEPS + 1)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius + centre


def _open_arc(opening: float) -> Family:
    """An arc whose gap looks in a direction, given in turns."""

    def family(points: int, draw: np.random.Generator) -> Array:
        gap = draw.uniform(0.1, 0.25)
        return _stroke(_arc(opening + gap, opening + 1 - gap), points=points, draw=draw)

    return family


def _loop(points: int, draw: np.random.Generator) -> Array:
    return _stroke(_arc(0, 1) * [draw.uniform(0.5, 1), 1], points=points, draw=draw)


def _bar(points: int, draw: np.random.Generator) -> Array:
    return _stroke(_lines((0, -1), (0, 1)), points=points, draw=draw)


def _level_bar(points: int, draw: np.random.Generator) -> Array:
    return _stroke(_lines((-1, 0), (1, 0)), points=points, draw=draw)


def _spiral(points: int, draw: np.random.Generator) -> Array:
    angle = TURN * np.linspace(0.2, draw.uniform(1.3, 2.2), STEPS + 1) + draw.uniform(0, TURN)
    radius = np.linspace(0.1, 1, STEPS + 1)
    curve = np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius[:, None]
    return _stroke(curve, points=points, draw=draw)


def _double_bend(mirror: int) -> Family:
    """Two half circles that turn opposite ways."""

    def family(points: int, draw: np.random.Generator) -> Array:
        reach = draw.uniform(0.55, 0.7)
        upper, lower = _arc(0.75 - reach, 0.75, 0.5, (0, 0.5)), _arc(0.25, 0.25 - reach, 0.5, (0, -0.5))
        size = np.array([mirror * draw.uniform(0.8, 1.3), 1])
        return _stroke(upper * size, lower * size, points=points, draw=draw)

    return family


def _zigzag(points: int, draw: np.random.Generator) -> Array:
    count = draw.integers(4, 7)
    wide = draw.uniform(0.3, 0.6)
    corners = [(wide * (-1) ** turn, height) for turn, height in enumerate(np.linspace(-1, 1, count))]
    return _stroke(_lines(*corners), points=points, draw=draw)


def _wave(points: int, draw: np.random.Generator) -> Array:
    along = np.linspace(-1, 1, STEPS + 1)
    height = draw.uniform(0.2, 0.5) * np.sin(along * draw.uniform(4, 9) + draw.uniform(0, TURN))
    return _stroke(np.stack([along, height], axis=1), points=points, draw=draw)


def _cross(points: int, draw: np.random.Generator) -> Array:
    level, middle = draw.uniform(-0.4, 0.4, 2)
    return _stroke(_lines((-1, level), (1, level)), _lines((middle, -1), (middle, 1)), points=points, draw=draw)


def _diagonals(points: int, draw: np.random.Generator) -> Array:
    wide = draw.uniform(0.5, 1)
    return _stroke(_lines((-wide, -1), (wide, 1)), _lines((wide, -1), (-wide, 1)), points=points, draw=draw)


def _tee(points: int, draw: np.random.Generator) -> Array:
    wide = draw.uniform(0.5, 1)
    return _stroke(_lines((-wide, 1), (wide, 1)), _lines((0, 1), (0, -1)), points=points, draw=draw)


def _corner(x: int, y: int) -> Family:
    """Two bars that meet at a corner of the plane."""

    def family(points: int, draw: np.random.Generator) -> Array:
        far_x, far_y = draw.uniform(0.4, 1.2), draw.uniform(0.8, 1.2)
        return _stroke(_lines((-x * far_x, y), (x, y), (x, -y * far_y)), points=points, draw=draw)

    return family


def _two_rings(points: int, draw: np.random.Generator) -> Array:
    first, second = draw.uniform(0.35, 0.6, 2)
    way = draw.uniform(0, TURN)
    x, y = np.cos(way), np.sin(way)
    rings = _arc(0, 1, first, (first * x, first * y)), _arc(0, 1, second, (-second * x, -second * y))
    return _stroke(*rings, points=points, draw=draw)


def _ring_with_tail(points: int, draw: np.random.Generator) -> Array:
    radius, way = draw.uniform(0.35, 0.6), draw.uniform(0, TURN)
    tail = np.outer(np.linspace(radius, radius + draw.uniform(0.7, 1.4), STEPS + 1), [np.cos(way), np.sin(way)])
    return _stroke(_arc(0, 1, radius), tail, points=points, draw=draw)


def _branch(points: int, draw: np.random.Generator) -> Array:
    angle = TURN * (draw.uniform(0.15, 0.4) * np.array([-1, 0, 1]) + draw.random())
    arms = [_lines((0, 0), (np.cos(way), np.sin(way))) for way in angle]
    return _stroke(*arms, points=points, draw=draw)


def _polygon(corners: int) -> Family:
    """The outline of a polygon, stretched along one axis."""

    def family(points: int, draw: np.random.Generator) -> Array:
        angle = TURN * (np.arange(corners + 1) / corners + draw.random())
        size = np.array([draw.uniform(0.6, 1), 1])
        outline = np.stack([np.cos(angle), np.sin(angle)], axis=1) * size
        return _stroke(_lines(*map(tuple, outline)), points=points, draw=draw)

    return family


FAMILIES: dict[str, Family] = {
    "sphere": _sphere,
    "ellipsoid": _ellipsoid,
    "box": _box,
    "cylinder": _cylinder,
    "cone": _cone,
    "torus": _torus,
    "pyramid": _pyramid,
    "capsule": _capsule,
    "bowl": _bowl,
    "helix": _helix,
    "upright bar": _bar,
    "level bar": _level_bar,
    "arc open to the right": _open_arc(0),
    "arc open upwards": _open_arc(0.25),
    "arc open to the left": _open_arc(0.5),
    "arc open downwards": _open_arc(0.75),
    "loop": _loop,
    "spiral": _spiral,
    "double bend": _double_bend(1),
    "mirrored double bend": _double_bend(-1),
    "zigzag": _zigzag,
    "wave": _wave,
    "cross": _cross,
    "diagonals": _diagonals,
    "tee": _tee,
    "corner, upper right": _corner(1, 1),
    "corner, lower left": _corner(-1, -1),
    "two rings": _two_rings,
    "ring with a tail": _ring_with_tail,
    "branch": _branch,
    "triangle": _polygon(3),
    "quadrangle": _polygon(4),
}
