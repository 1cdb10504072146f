"""Surfaces of triangles: read from .off files, points drawn from them, and pictures of them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from pipeline.core.errors import BadInput
from pipeline.core.splits import Array

AGAIN = "save it again or remove it"
HEAD = re.compile(r"(ST)?C?N?(?P<higher>4?n?)OFF")
"""How the first line begins; after 4 or n, corners have four numbers or as many as a further line says."""
DENSE = 50_000
"""Points that a picture is made of; one that faces the camera covers 3 x 3 pixels."""
SLANTED = 0.1
"""What of a triangle's area counts for a picture even where the camera sees its edge alone."""
MARGIN = 1 / 16
"""Of a picture's side, on every side of the shape."""
LIGHT = np.array([-0.4, 0.5, 1.0]) / np.sqrt(1.41)
"""Where the light comes from: right, up, towards the camera."""
DARKEST, BRIGHTEST, BACKGROUND = 40, 220, 255


def read_off(file: Path) -> tuple[Array, Array]:
    """m x 3 corners (float64) and t x 3 triangles (indices); polygons become fans of triangles.

    The counts may stand behind 'OFF' in the same line, as in some files of ModelNet. What stands behind x, y and z of a
    corner (its normal, colour and texture in NOFF, COFF and STOFF) is passed over.
    """
    text = file.read_text(encoding="utf-8-sig", errors="replace")
    lines = [
        (number, kept) for number, line in enumerate(text.splitlines(), start=1) if (kept := line.split("#")[0].strip())
    ]
    form = HEAD.match(lines[0][1]) if lines else None
    if form is None:
        raise BadInput("this is no OFF file", str(file), AGAIN)
    head, first = lines[0]
    glued = first[form.end() :].strip()
    if form["higher"] or glued.upper().startswith("BINARY"):
        problem = "its points have other than three numbers" if form["higher"] else "it is a binary OFF file"
        raise BadInput(problem, str(file), "save it as an ASCII OFF file of points in space")
    lines = [(head, glued), *lines[1:]] if glued else lines[1:]
    try:
        corners, faces = (int(number) for number in lines[0][1].split()[:2])
        if min(corners, faces) < 1:
            raise ValueError
    except (ValueError, IndexError):
        line = lines[0][0] if lines else head + 1
        raise BadInput(f"it does not hold the counts of corners and faces in line {line}", str(file), AGAIN) from None
    if len(lines) <= corners + faces:
        problem = f"it does not hold the {corners} corners and {faces} faces that line {lines[0][0]} announces"
        raise BadInput(f"{problem}: it ends with line {lines[-1][0]}", str(file), AGAIN)
    vertices = _columns(lines[1 : 1 + corners], 3, np.float64, file)
    rows = lines[1 + corners : 1 + corners + faces]
    sizes = _columns(rows, 4, np.int64, file)[:, 0]
    impossible = (sizes < 3) | (sizes > corners)
    if impossible.any():
        raise BadInput(f"it does not hold a face in line {rows[int(impossible.argmax())][0]}", str(file), AGAIN)
    fans = []
    for size in np.unique(sizes):
        members = [rows[row] for row in np.flatnonzero(sizes == size)]
        polygons = _columns(members, 1 + int(size), np.int64, file)[:, 1:]
        outside = ((polygons < 0) | (polygons >= corners)).any(axis=1)
        if outside.any():
            problem = f"it does not hold all corners that line {members[int(outside.argmax())][0]} names"
            raise BadInput(problem, str(file), AGAIN)
        fans += [polygons[:, [0, step, step + 1]] for step in range(1, size - 1)]
    return vertices, np.concatenate(fans)


def _columns(lines: list[tuple[int, str]], count: int, form: type[np.float64 | np.int64], file: Path) -> Array:
    """The first numbers of every line, each given with its number in the file."""

    def parsed(texts: list[str]) -> Array:
        return np.loadtxt(texts, dtype=form, comments=None, usecols=range(count), ndmin=2)

    try:
        return parsed([text for _, text in lines])
    except ValueError:
        for number, text in lines:
            try:
                parsed([text])
            except ValueError:
                kind = "whole numbers" if form is np.int64 else "numbers"
                problem = f"it does not hold {count} {kind} in line {number}"
                raise BadInput(problem, str(file), AGAIN) from None
        raise


def perpendiculars(vertices: Array, triangles: Array, file: Path) -> Array:
    """t x 3: perpendicular to each triangle, as long as twice its area; a surface without finite area is refused."""
    a, b, c = np.moveaxis(vertices[triangles], 1, 0)
    products: Array = np.cross(b - a, c - a)
    if not 0 < np.linalg.norm(products, axis=1).sum() < np.inf:
        raise BadInput("its surface has no finite area", str(file), AGAIN)
    return products


def on_surface(
    vertices: Array, triangles: Array, weights: Array, points: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """points x 3 and the triangle of each: a triangle by its weight, then uniformly a place in it."""
    chosen = rng.choice(len(weights), points, p=weights / weights.sum())
    a, b, c = np.moveaxis(vertices[triangles[chosen]], 1, 0)
    root, along = np.sqrt(rng.random((points, 1))), rng.random((points, 1))
    return (1 - root) * a + root * (1 - along) * b + root * along * c, chosen


def render(
    vertices: Array,
    triangles: Array,
    side: int,
    azimuth: float,
    elevation: float,
    rng: np.random.Generator,
    file: Path,
) -> Array:
    """side x side uint8: a parallel projection, shaded by the angle between surface and light, on white.

    The third axis points up; azimuth turns the camera about it from the first axis towards the second one, elevation
    lifts it; both in degrees. The shape's longer extent in the picture fills all but the margin. Triangles are drawn
    as dense points of 3 x 3 pixels, the nearest one wins; both sides of a triangle look alike, because meshes from
    the web do not agree on what is outside.
    """
    products = perpendiculars(vertices, triangles, file)
    (sin_a, sin_e), (cos_a, cos_e) = (part(np.radians([azimuth, elevation])) for part in (np.sin, np.cos))
    camera = np.array(
        [[-sin_a, cos_a, 0], [-sin_e * cos_a, -sin_e * sin_a, cos_e], [cos_e * cos_a, cos_e * sin_a, sin_e]]
    )
    turned, areas = products @ camera.T, np.linalg.norm(products, axis=1)
    places, chosen = on_surface(vertices @ camera.T, triangles, np.abs(turned[:, 2]) + SLANTED * areas, DENSE, rng)
    low, high = places[:, :2].min(axis=0), places[:, :2].max(axis=0)
    extent = (high - low).max()
    if extent == 0:
        raise BadInput("the camera sees a single point", str(file), AGAIN)
    column, row = (
        ((places[:, :2] - (low + high) / 2) * [1, -1] * (side * (1 - 2 * MARGIN) / extent) + side / 2).astype(int).T
    )
    order = np.argsort(places[:, 2], kind="stable")
    depth, grey = np.full((side, side), -np.inf), np.full((side, side), float(BACKGROUND))
    depth[row[order], column[order]] = places[order, 2]
    shade = np.abs(turned[chosen] @ LIGHT) / areas[chosen]
    grey[row[order], column[order]] = DARKEST + (BRIGHTEST - DARKEST) * shade[order]
    depths, greys = (_neighbours(image) for image in (depth, grey))
    nearest = depths.argmax(axis=2)[:, :, None]
    seen: Array = np.take_along_axis(greys, nearest, axis=2)[:, :, 0]
    return np.rint(seen).astype(np.uint8)


def _neighbours(image: Array) -> Array:
    """h x w -> h x w x 9: every pixel's 3 x 3 neighbourhood, the edge repeated outside."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(image, 1, mode="edge"), (3, 3))
    neighbours: Array = windows.reshape(*image.shape, 9)
    return neighbours
