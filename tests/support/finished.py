"""Finished cells as training leaves them, with made embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from pipeline.core.cells import DONE, CellKey
from pipeline.core.runs import LabelNoise, Row
from pipeline.core.splits import Array
from pipeline.runs.finished_cell import FinishedCell, write_result

VIEWS = ("image", "text")


def embeddings(seed: int, samples: int = 6) -> dict[str, Array]:
    rng = np.random.default_rng(seed)
    return {view: rng.standard_normal((samples, 4)).astype(np.float32) for view in VIEWS}


def write_cell(
    runs: Path,
    key: CellKey,
    states: Mapping[str, Mapping[str, Array]],
    status: str = DONE,
    reason: str = "",
    history: Sequence[Row] = (),
    label_noise: LabelNoise | None = None,
    fingerprint: str = "f",
) -> Path:
    """Write a cell below a folder of runs. states: criterion -> test embeddings."""
    folder = runs / key.name
    folder.mkdir(parents=True)
    cell = FinishedCell(folder, key, status, reason, "code", fingerprint, "features", None, list(history), label_noise)
    write_result(cell)
    for criterion, views in states.items():
        np.savez(folder / f"{criterion}.npz", allow_pickle=False, **views)
    return folder
