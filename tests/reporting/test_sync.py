"""MLflow gets what the records hold of a dataset: its cells, seed 0's history, final scores, summaries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.contract import CellKey
from pipeline.reporting.sync import sync
from tests.reporting.conftest import PARAMS
from tests.reporting.protocol import write_protocol


class Notes:
    """A tracker that only remembers what it is told."""

    def __init__(self) -> None:
        self.histories: dict[CellKey, list[dict[str, float]]] = {}
        self.receipts: dict[CellKey, Any] = {}
        self.scores: dict[CellKey, Mapping[str, float]] = {}
        self.summaries: dict[CellKey, Mapping[str, float]] = {}
        self.kept: list[CellKey] = []

    def log_cell(self, key: CellKey, settings: Any, result: Mapping[str, Any], cost: Any, receipt: Any) -> None:
        self.histories[key], self.receipts[key] = result["history"], receipt

    def log_scores(self, key: CellKey, scores: Mapping[str, float]) -> None:
        self.scores[key] = scores

    def log_summary(self, key: CellKey, scores: Mapping[str, float]) -> None:
        self.summaries[key] = scores

    def prune(self, cells: Iterable[CellKey], summaries: Iterable[CellKey]) -> None:
        self.kept = list(cells)


def synced(folder: Path, dataset: str) -> Notes:
    notes = Notes()
    sync(notes, folder, PARAMS, dataset)  # type: ignore[arg-type]
    return notes


def test_the_first_seed_gets_the_recorded_epochs(records: Path) -> None:
    histories = synced(records, "emoji").histories
    first = histories[CellKey("emoji", "ce", "default", "symmetric", 0.8, 0)]
    assert [row["epoch"] for row in first] == [1, 2, 3, 4, 5, 6]
    assert first[-1]["accuracy/corrupted"] == 0.9
    assert set(first[0]) == {
        *("epoch", "loss/total", "valid/mean"),
        *("accuracy/clean", "accuracy/corrupted", "accuracy/recovered"),
    }
    assert histories[CellKey("emoji", "ce", "default", "symmetric", 0.8, 1)] == []


def test_a_metric_without_a_value_is_left_out(records: Path) -> None:
    path = records / "epochs" / "emoji" / "ce.csv"
    path.write_text(path.read_text().replace("default,symmetric,0.2,1,0.833333,", "default,symmetric,0.2,1,,"))
    first = synced(records, "emoji").histories[CellKey("emoji", "ce", "default", "symmetric", 0.2, 0)]
    assert "loss/total" not in first[0]
    assert "loss/total" in first[1]


def test_a_label_free_cell_has_no_noise_and_no_history(records: Path) -> None:
    notes = synced(records, "emoji")
    key = CellKey("emoji", "mcca", "default", None, None, None)
    assert notes.histories[key] == []
    assert notes.receipts[key] is None
    assert notes.scores[key]["test/best_validation/mean"] == pytest.approx(0.3085)


def test_a_dataset_of_its_own_grid_is_pruned_to_its_variants(tmp_path: Path) -> None:
    write_protocol(tmp_path)
    path = tmp_path / "cells" / "mnist3d_rono" / "rono.csv"
    head, *lines = path.read_text().splitlines(True)
    path.write_text("".join([head, *lines, *(line.replace("authors_code", "default") for line in lines)]))
    notes = synced(tmp_path, "mnist3d_rono")
    assert {key.variant for key in notes.kept} == {"authors_code"}
    assert len(notes.kept) == 6
    assert notes.receipts[notes.kept[0]]["hash"] == "draw 0.2"
    summary = notes.summaries[CellKey("mnist3d_rono", "rono", "authors_code", "recorded", 0.2, None)]
    assert summary["n"] == 3
    assert summary["test/fixed_checkpoint/mean"] == pytest.approx(0.9598)
