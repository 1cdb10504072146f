"""Reader of the committed records: strict about a broken file, calm about a missing one (= not run)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.core.criteria import CRITERIA
from pipeline.core.splits import SPLITS, Array
from pipeline.records.parsing import (
    broken,
    csv_rows,
    json_content,
    json_objects,
    named_arrays,
    numeric_frame,
    to_number,
    to_seed,
)

DONE, FAILED, SKIPPED = STATUSES = ("done", "failed", "skipped")

CELL_COLUMNS = (
    *("dataset", "method", "variant", "noise", "rate", "seed", "criterion", "direction"),
    *("map", "map_at_50", "tied", "status", "reason", "code", "fingerprint"),
)
EPOCH_COLUMNS = ("variant", "noise", "rate", "epoch")
RECEIPT_FIELDS = ("kind", "rate", "seed", "per_pair", "realised", "hash")
TRIAL_FIELDS = ("settings", "published", "maps", "reason", "code")
PROBE_FIELDS = ("view", "extractor", "dimension", "accuracy", "used")
CURVE_COLUMNS = ("variant", "noise", "rate", "direction", "recall", "precision")
SUSPICION_COLUMNS = ("variant", "noise", "rate", "seed", "view", "auc", "precision", "wrong", "estimate")
READOUT_COLUMNS = ("variant", "noise", "rate", "seed", "direction", "temperature", "map")


class Records:
    """The files under one records folder, read on demand and checked line by line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def cells(self, dataset: str, method: str) -> pd.DataFrame:
        """One row per cell, criterion and direction; label-free: noise None, rate NaN; deterministic: seed NA."""
        path = self.folder / "cells" / dataset / f"{method}.csv"
        lines = csv_rows(path, CELL_COLUMNS)
        seen: set[tuple[str, ...]] = set()
        for number, line in enumerate(lines, start=2):
            key = tuple(line[name] for name in CELL_COLUMNS[:8])
            if key in seen:
                broken(path, number, "the same cell, criterion and direction stand twice")
            seen.add(key)
            _check_cell(path, number, line, dataset, method)
        frame = pd.DataFrame(lines, columns=list(CELL_COLUMNS))
        frame["noise"] = [text or None for text in frame["noise"]]
        for name in ("rate", "map", "map_at_50", "tied"):
            frame[name] = [to_number(path, row, name, text) for row, text in enumerate(frame[name], start=2)]
        frame["seed"] = pd.array([to_seed(path, row, text) for row, text in enumerate(frame["seed"], start=2)], "Int64")
        return frame

    def epochs(self, dataset: str, method: str) -> pd.DataFrame:
        """Seed 0's history: variant, noise, rate, epoch and one column per metric."""
        path = self.folder / "epochs" / dataset / f"{method}.csv"
        return numeric_frame(path, csv_rows(path, EPOCH_COLUMNS, more=True), EPOCH_COLUMNS, ("variant", "noise"))

    def curves(self, dataset: str, method: str) -> pd.DataFrame:
        """Precision at 11 recall levels, mean over seeds, under the first criterion that a cell has."""
        path = self.folder / "curves" / dataset / f"{method}.csv"
        return numeric_frame(path, csv_rows(path, CURVE_COLUMNS), CURVE_COLUMNS, ("variant", "noise", "direction"))

    def suspicion(self, dataset: str, method: str) -> pd.DataFrame:
        """How well a method told wrong training labels, by cell and view."""
        return _suspicion(self.folder / "suspicion" / dataset / f"{method}.csv")

    def confident_learning(self, dataset: str) -> pd.DataFrame:
        """How well the baseline told them, by draw and view, in the columns of a method's suspicion."""
        return _suspicion(self.folder / "confident_learning" / f"{dataset}.csv")

    def readout(self, dataset: str, method: str) -> pd.DataFrame:
        """MAP by match probability, by cell and direction."""
        path = self.folder / "readout" / dataset / f"{method}.csv"
        return numeric_frame(path, csv_rows(path, READOUT_COLUMNS), READOUT_COLUMNS, ("variant", "noise", "direction"))

    def ap(self, dataset: str, method: str) -> dict[tuple[str, str, float | None, str], Array]:
        """AP of every test query (Q), mean over seeds, under the first criterion that a cell has.

        By variant, noise, rate and direction; label-free: noise '' and rate None.
        """
        path, found = self.ap_file(dataset, method), {}
        for name, values in named_arrays(path).items():
            parts = name.split("|")
            if len(parts) != 4 or values.ndim != 1:
                broken(path, None, f"'{name}' is no list of AP of a variant, noise, rate and direction")
            variant, noise, rate, direction = parts
            found[variant, noise, to_number(path, None, "rate", rate) if rate else None, direction] = values
        return found

    def ap_file(self, dataset: str, method: str) -> Path:
        return self.folder / "ap" / dataset / f"{method}.npz"

    def receipts(self, dataset: str) -> list[dict[str, Any]]:
        """What each noise artefact really did to the labels."""
        return json_objects(self.folder / "noise" / f"{dataset}.json", "receipt", RECEIPT_FIELDS)

    def probes(self, dataset: str) -> list[dict[str, Any]]:
        """Test accuracy of a linear classifier on the features of each extractor that was tried."""
        path = self.folder / "probes" / f"{dataset}.json"
        found = json_objects(path, "probe", PROBE_FIELDS)
        for probe in found:
            accuracy, dimension = probe["accuracy"], probe["dimension"]
            if not isinstance(accuracy, int | float) or not 0 <= accuracy <= 1:
                broken(path, 1, f"accuracy '{accuracy}' is outside 0..1")
            if not isinstance(dimension, int):
                broken(path, 1, f"dimension '{dimension}' is no whole number")
        return found

    def tuning(self, method: str) -> list[dict[str, Any]]:
        """The configurations that a method was tried in, with their validation MAP (pipeline.runs.tuning)."""
        return json_objects(self.folder / "tuning" / f"{method}.json", "trial", TRIAL_FIELDS)

    def description(self, dataset: str) -> dict[str, Any] | None:
        """Classes, sizes and extractors of a dataset; None when its features were never made."""
        path = self.folder / "datasets" / f"{dataset}.json"
        found = json_content(path, None)
        if found is not None and (not isinstance(found, dict) or not {"classes", "sizes", "views"} <= set(found)):
            broken(path, 1, "classes, sizes and views are expected")
        if found is not None and set(found["sizes"]) != set(SPLITS):
            broken(path, 1, f"sizes of {', '.join(SPLITS)} are expected")
        return found


def _check_cell(path: Path, number: int, line: dict[str, str], dataset: str, method: str) -> None:
    if (line["dataset"], line["method"]) != (dataset, method):
        broken(path, number, f"the row belongs to {line['dataset']}/{line['method']}")
    if line["status"] not in STATUSES:
        broken(path, number, f"status '{line['status']}' is none of {', '.join(STATUSES)}")
    if line["status"] == DONE:
        if line["criterion"] not in CRITERIA or "->" not in line["direction"]:
            broken(path, number, f"'{line['criterion']}', '{line['direction']}' is no criterion and direction")
        if not 0 <= to_number(path, number, "map", line["map"]) <= 1:
            broken(path, number, f"map '{line['map']}' is outside 0..1")
    elif not line["reason"]:
        broken(path, number, f"a {line['status']} cell gives no reason")


def _suspicion(path: Path) -> pd.DataFrame:
    rows = csv_rows(path, SUSPICION_COLUMNS, more=True)
    return numeric_frame(path, rows, SUSPICION_COLUMNS, ("variant", "noise", "view"))
