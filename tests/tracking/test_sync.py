"""MLflow gets what the records hold of a dataset: its cells, seed 0's history, final scores, summaries."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.cells import CellKey
from pipeline.records.cells import CELLS
from pipeline.records.epochs import EPOCHS
from pipeline.tracking.base import TrackedCell
from pipeline.tracking.base.sync import sync
from tests.reporting.conftest import project
from tests.support.protocol_records import write_protocol
from tests.support.records import lines


class Notes:
    """A tracker that only remembers what it is told."""

    def __init__(self) -> None:
        self.histories: dict[CellKey, list[dict[str, float]]] = {}
        self.receipts: dict[CellKey, Any] = {}
        self.scores: dict[CellKey, Mapping[str, float]] = {}
        self.summaries: dict[CellKey, Mapping[str, float]] = {}
        self.files: list[str] = []
        self.pruned = 0

    def log_cell(self, cell: TrackedCell) -> None:
        self.histories[cell.key], self.receipts[cell.key], self.scores[cell.key] = (
            list(cell.history),
            cell.receipt,
            cell.scores,
        )

    def log_summary(self, key: CellKey, scores: Mapping[str, float]) -> None:
        self.summaries[key] = scores

    def log_report(self, files: Sequence[Path]) -> None:
        self.files = [file.name for file in files]

    def prune(self) -> None:
        self.pruned += 1


def synced(folder: Path, dataset: str) -> Notes:
    notes = Notes()
    sync(notes, folder, project(), dataset)  # type: ignore[arg-type]
    return notes


def test_the_first_seed_gets_the_recorded_epochs(records: Path) -> None:
    histories = synced(records, "emoji").histories
    first = histories[CellKey("emoji", "ce", "default", "symmetric", 0.8, 0)]
    assert [row["epoch"] for row in first] == [1, 2, 3, 4, 5, 6]
    assert first[-1]["accuracy/corrupted"] == 0.9
    assert set(first[0]) == {"epoch", "accuracy/clean", "accuracy/corrupted", "accuracy/recovered"}
    assert histories[CellKey("emoji", "ce", "default", "symmetric", 0.8, 1)] == []


def test_a_metric_without_a_value_is_left_out(records: Path) -> None:
    path = EPOCHS.file(records, "emoji")
    old, new = (f"ce,default,symmetric,0.2,accuracy/clean,{first} " for first in ("0.537", "nan"))
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    first = synced(records, "emoji").histories[CellKey("emoji", "ce", "default", "symmetric", 0.2, 0)]
    assert "accuracy/clean" not in first[0]
    assert "accuracy/clean" in first[1]


def test_a_label_free_cell_has_no_noise_and_no_history(records: Path) -> None:
    notes = synced(records, "emoji")
    key = CellKey("emoji", "mcca", "default", None, None, None)
    assert notes.histories[key] == []
    assert notes.receipts[key] is None
    assert notes.scores[key]["test/best_validation/mean"] == pytest.approx(0.3085)


def test_a_dataset_of_its_own_grid_is_pruned_to_its_variants(tmp_path: Path) -> None:
    write_protocol(tmp_path)
    rows = lines(CELLS, tmp_path, "mnist3d_rono")
    CELLS.write(tmp_path, "mnist3d_rono", [*rows, *(row | {"variant": "default"} for row in rows)])
    notes = synced(tmp_path, "mnist3d_rono")
    assert {key.variant for key in notes.scores} == {"authors_code"}
    assert len(notes.scores) == 6
    assert notes.pruned == 1
    assert next(iter(notes.receipts.values()))["hash"] == "draw 0.2"
    summary = notes.summaries[CellKey("mnist3d_rono", "rono", "authors_code", "recorded", 0.2, None)]
    assert summary["n"] == 3
    assert summary["test/fixed_checkpoint/mean"] == pytest.approx(0.9598)


def test_realised_noise_is_told_where_the_true_labels_are_known(records: Path) -> None:
    key = CellKey("emoji", "ce", "default", "symmetric", 0.2, 0)
    assert synced(records, "emoji").scores[key]["noise_realised/image"] == pytest.approx(0.178)
    file = records / "datasets" / "emoji.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"clean": False}))
    scores = synced(records, "emoji").scores[key]
    assert "test/last_epoch/mean" in scores
    assert not [name for name in scores if name.startswith("noise_realised")]


def test_tables_and_figures_go_to_the_dataset_with_the_longest_name(records: Path) -> None:
    names = (
        "tables/emoji_a.md",
        "tables/emoji_a.csv",
        "tables/emoji_a.tex",
        "figures/emoji_b.svg",
    )
    for name in (*names, "tables/mnist3d_a.md", "tables/mnist3d_rono_a.md", "tables/tuning.md"):
        (records.parent / name).parent.mkdir(exist_ok=True)
        (records.parent / name).touch()
    assert synced(records, "emoji").files == ["emoji_a.md", "emoji_a.csv", "emoji_b.svg"]
    assert synced(records, "mnist3d").files == ["mnist3d_a.md"]
    assert synced(records, "mnist3d_rono").files == ["mnist3d_rono_a.md"]


def test_a_dataset_without_tables_has_no_run_for_them(records: Path) -> None:
    assert synced(records, "emoji").files == []
