"""Point clouds in the usual files: .npy, .ply and, as a surface to draw from, .off."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.core.errors import BadInput
from pipeline.core.splits import Array
from pipeline.samples.base.arrays import read_array
from pipeline.samples.base.meshes import AGAIN, on_surface, perpendiculars, read_off

SUFFIXES = frozenset({".npy", ".ply", ".off"})
REPEATED = 0.1
"""Rows that repeat an earlier one are padding if they are a larger share than this."""
PLY_TYPES = (
    {"char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2", "ushort": "u2"}
    | {"uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "float": "f4", "float32": "f4"}
    | {"double": "f8", "float64": "f8"}
)


def read_cloud(file: Path, points: int, rng: np.random.Generator) -> Array:
    """points x 3 float32, centred, its longest extent 1, as the extractors expect.

    .npy: the first three columns; .ply: the vertices, faces are ignored. Padding is no point: see without_padding. Of
    more points a part is drawn without repeats; fewer are refused, because repeated ones would look like a finer
    surface. .off: drawn uniformly from the surface of the mesh.
    """
    suffix = file.suffix.lower()
    if suffix == ".off":
        return cloud_of_mesh(*read_off(file), points, rng, file)
    rows = _read_npy(file) if suffix == ".npy" else read_ply(file)
    dense = without_padding(rows)
    if len(dense) < points:
        aside = f", {len(rows) - len(dense)} rows of padding aside," if len(dense) < len(rows) else ""
        problem = f"it has {len(dense)} points{aside} where {points} are asked for"
        raise BadInput(problem, str(file), "set `points` lower in params.yaml or remove it")
    return _normalised(dense[np.sort(rng.choice(len(dense), points, replace=False))], file)


def without_padding(rows: Array) -> Array:
    """The points among m x 3 rows, in their order: what fills a cloud up to a fixed number of rows is left out.

    Rows of three NaN; rows of zeros where there are several; all but the first of equal rows, where these are more than
    REPEATED of all. A scan says with the same rows that it measured nothing there; a few are equal by rounding.
    """
    known = rows[~np.isnan(rows).all(axis=1)] + 0.0  # -0.0 becomes 0.0, so that equal rows have equal bytes
    zero = (known == 0).all(axis=1)
    known = known[~zero] if zero.sum() > 1 else known
    bytewise = np.ascontiguousarray(known).view(f"V{3 * known.itemsize}").ravel()
    first = np.sort(np.unique(bytewise, return_index=True)[1])
    points: Array = known[first] if len(first) < (1 - REPEATED) * len(known) else known
    return points


def cloud_of_mesh(vertices: Array, triangles: Array, points: int, rng: np.random.Generator, file: Path) -> Array:
    """points x 3 float32 drawn uniformly from the surface, centred, their longest extent 1."""
    areas = np.linalg.norm(perpendiculars(vertices, triangles, file), axis=1)
    return _normalised(on_surface(vertices, triangles, areas, points, rng)[0], file)


def _normalised(taken: Array, file: Path) -> Array:
    if not np.isfinite(taken).all():
        raise BadInput(
            f"point {int(np.argwhere(~np.isfinite(taken))[0][0])} of those taken is NaN or infinite", str(file), AGAIN
        )
    extent = np.ptp(taken, axis=0).max()
    if extent == 0:
        raise BadInput("all its points are one", str(file), AGAIN)
    scaled = taken / extent
    centred: Array = (scaled - scaled.mean(axis=0)).astype(np.float32)
    return centred


def read_ply(file: Path) -> Array:
    """m x 3 float64: x, y and z of the vertices of an ASCII or binary little-endian PLY file."""
    content = file.read_bytes()
    head, end, body = content.partition(b"end_header")
    _, newline, body = body.partition(b"\n")
    lines = [line.split() for line in head.decode("ascii", errors="replace").splitlines()]
    if not end or not newline or lines[:1] != [["ply"]]:
        raise BadInput("this is no PLY file", str(file), AGAIN)
    form = next((line[1] for line in lines if line[:1] == ["format"] and len(line) > 1), "")
    if form not in ("ascii", "binary_little_endian"):
        raise BadInput(f"its format is '{form}'", str(file), "save it as ascii or binary_little_endian")
    elements = [number for number, line in enumerate(lines) if line[:1] == ["element"]]
    if not elements or lines[elements[0]][1:2] != ["vertex"]:
        raise BadInput("its first element is not 'vertex'", str(file), AGAIN)
    stop = elements[1] if len(elements) > 1 else len(lines)
    properties = [line[1:] for line in lines[elements[0] : stop] if line[:1] == ["property"]]
    try:
        names = [name for _, name in properties]
        count = int(lines[elements[0]][2])
        layout = np.dtype([(name, f"<{PLY_TYPES[kind]}") for kind, name in properties])
        if form == "ascii":
            table = np.array([line.split() for line in body.splitlines() if line.strip()][:count], dtype=np.float64)
            columns = [table[:, names.index(axis)] for axis in "xyz"]
        else:
            vertices = np.frombuffer(body, layout, count)
            columns = [vertices[axis].astype(np.float64) for axis in "xyz"]
    except (ValueError, KeyError, IndexError):
        raise BadInput("its vertices are not whole rows of numbers with x, y and z", str(file), AGAIN) from None
    if len(columns[0]) != count:
        raise BadInput(f"it has {len(columns[0])} of the {count} vertices that it names", str(file), AGAIN)
    return np.stack(columns, axis=1)


def _read_npy(file: Path) -> Array:
    dense = read_array(file)
    if dense.ndim != 2 or dense.shape[1] < 3:
        shape = " x ".join(map(str, dense.shape))
        raise BadInput(f"{shape} numbers are no points", str(file), "give a row of x, y and z per point")
    return dense[:, :3].astype(np.float64)
