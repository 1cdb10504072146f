"""Meshes in the text of .off files, and ModelNet's folders of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

CORNERS = "".join(f"{x} {y} {z}\n" for z in (0, 1) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1)))
SQUARES = "4 0 3 2 1\n4 4 5 6 7\n4 0 1 5 4\n4 1 2 6 5\n4 2 3 7 6\n4 3 0 4 7\n"
CUBE = f"OFF\n8 6 0\n{CORNERS}{SQUARES}"
"""Six squares: bottom, top, front, right, back, left."""
TETRAHEDRON = "OFF\n4 4 6\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n3 0 2 1\n3 0 1 3\n3 0 3 2\n3 1 2 3\n"
GLUED = CUBE.replace("OFF\n", "OFF")


def write_release(folder: Path, classes: Sequence[str]) -> Path:
    """Per class two training shapes and a test shape; the number in a file's name goes on from train to test."""
    for name in classes:
        for number, (split, text) in enumerate((("train", CUBE), ("train", TETRAHEDRON), ("test", GLUED)), start=1):
            place = folder / name / split
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{name}_{number:04d}.off").write_text(text)
    return folder
