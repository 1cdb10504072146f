"""A small test gallery and runs whose rankings are known: `ce` at two noise rates, and `mcca`, which sees no labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core.cells import DONE, CellKey
from pipeline.core.criteria import BEST_VALIDATION, LAST_EPOCH
from pipeline.core.datasets import RawDataset, RawView
from pipeline.core.splits import Array
from pipeline.runs.finished_cell import FinishedCell, write_result
from tests.support import tiny

CLASSES = ["apples & <b>pears</b>", "boats", "cats"]
TEST = np.array([2, 0, 1, 0, 1, 2, 0, 1, 2, 0, 1, 2])
"""Classes of the test samples."""
TAKEN_FOR = {"good": [0, 1, 2], "boats_for_apples": [1, 1, 2], "apples_for_cats": [0, 1, 0]}
"""Which class's place a picture of each class takes among the texts."""
RUNS = {
    CellKey("emoji", "ce", "default", "symmetric", 0.2, 0): "good",
    CellKey("emoji", "ce", "default", "symmetric", 0.8, 0): "boats_for_apples",
    CellKey("emoji", "mcca", "default", None, None, None): "apples_for_cats",
}


def params() -> dict[str, Any]:
    changed = tiny.experiment(rates=[0.8, 0.2])
    changed["viewer"] = {"queries": 6, "top": 4, "a": "mcca", "b": "ce"}
    return changed


def raw() -> RawDataset:
    """Three training samples, then the test samples."""
    labels = np.concatenate([[0, 1, 2], TEST])
    pictures = np.random.default_rng(0).integers(0, 256, (len(labels), 8, 8, 3), dtype="u1")
    return RawDataset(
        ids=[f"sample {row}" for row in range(len(labels))],
        views={
            "image": RawView("image", pictures),
            "text": RawView("text", [f"words <{row}>" for row in range(len(labels))]),
        },
        labels=labels,
        split=np.array(["train"] * 3 + ["test"] * len(TEST)),
        concept=[str(row) for row in range(len(labels))],
        class_names=CLASSES,
    )


def embeddings(taken_for: list[int]) -> dict[str, Array]:
    """Samples of one class stand at one place, so that all of them tie."""
    places = np.eye(3, dtype="f4")
    return {"image": places[taken_for][TEST], "text": places[TEST]}


def write_cell(
    runs: Path, key: CellKey, states: Mapping[str, dict[str, Array]], status: str = DONE, reason: str = ""
) -> None:
    folder = runs / key.method / key.name
    folder.mkdir(parents=True, exist_ok=True)
    write_result(FinishedCell(folder, key, status, reason, "code", "fingerprint", "features", None, [], None))
    for criterion, views in states.items():
        np.savez(folder / f"{criterion}.npz", **views)


def write_runs(folder: Path) -> Path:
    """All cells of RUNS; where training ends every picture has lost its class."""
    lost = embeddings([0, 0, 0])
    for key, taken_for in RUNS.items():
        write_cell(folder, key, {BEST_VALIDATION: embeddings(TAKEN_FOR[taken_for]), LAST_EPOCH: lost})
    return folder
