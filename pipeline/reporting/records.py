"""Reader of the committed records: strict about a broken file, calm about a missing one (= not run)."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd

from pipeline.contract import CRITERIA
from pipeline.errors import BadInput

DONE, FAILED, SKIPPED = STATUSES = ("done", "failed", "skipped")

CELL_COLUMNS = (
    *("dataset", "method", "variant", "noise", "rate", "seed", "criterion", "direction"),
    *("map", "map_at_50", "tied", "status", "reason", "code", "fingerprint"),
)
EPOCH_COLUMNS = ("variant", "noise", "rate", "epoch")
CURVE_COLUMNS = ("variant", "noise", "rate", "direction", "recall", "precision")


class Records:
    """The files under one records folder, read on demand and checked line by line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def cells(self, dataset: str, method: str) -> pd.DataFrame:
        """One row per cell, criterion and direction; rate is NaN for label-free, seed NA for deterministic."""
        path = self.folder / "cells" / dataset / f"{method}.csv"
        lines = _lines(path, CELL_COLUMNS)
        seen: set[tuple[str, ...]] = set()
        for number, line in enumerate(lines, start=2):
            key = tuple(line[name] for name in CELL_COLUMNS[:8])
            if key in seen:
                _broken(path, number, "the same cell, criterion and direction stand twice")
            seen.add(key)
            _check_cell(path, number, line, dataset, method)
        frame = pd.DataFrame(lines, columns=list(CELL_COLUMNS))
        for name in ("rate", "map", "map_at_50", "tied"):
            frame[name] = [_number(path, row, name, text) for row, text in enumerate(frame[name], start=2)]
        frame["seed"] = pd.array([_seed(path, row, text) for row, text in enumerate(frame["seed"], start=2)], "Int64")
        return frame

    def epochs(self, dataset: str, method: str) -> pd.DataFrame:
        """Seed 0's history: variant, noise, rate, epoch and one column per metric."""
        path = self.folder / "epochs" / dataset / f"{method}.csv"
        return _numeric(path, _lines(path, EPOCH_COLUMNS, more=True), EPOCH_COLUMNS, ("variant", "noise"))

    def curves(self, dataset: str, method: str) -> pd.DataFrame:
        """Precision at 11 recall levels, mean over seeds, at the best validation epoch."""
        path = self.folder / "curves" / dataset / f"{method}.csv"
        return _numeric(path, _lines(path, CURVE_COLUMNS), CURVE_COLUMNS, ("variant", "noise", "direction"))

    def receipts(self, dataset: str) -> list[dict[str, Any]]:
        """What each noise artefact really did to the labels."""
        path = self.folder / "noise" / f"{dataset}.json"
        found = _json(path, [])
        for receipt in found if isinstance(found, list) else _broken(path, 1, "a list of receipts is expected"):
            missing = {"kind", "rate", "seed", "per_pair", "realised"} - set(receipt)
            if missing:
                _broken(path, 1, f"a receipt lacks {', '.join(sorted(missing))}")
        return list(found)

    def description(self, dataset: str) -> dict[str, Any] | None:
        """Classes, sizes and extractors of a dataset; None when its features were never made."""
        path = self.folder / "datasets" / f"{dataset}.json"
        found = _json(path, None)
        if found is not None and (not isinstance(found, dict) or not {"classes", "sizes", "views"} <= set(found)):
            _broken(path, 1, "classes, sizes and views are expected")
        return found


def _lines(path: Path, columns: Sequence[str], more: bool = False) -> list[dict[str, str]]:
    """Rows of a CSV file as text; no file, no rows. `more`: further columns may follow the named ones."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    head = rows[0] if rows else []
    if tuple(head[: len(columns)]) != tuple(columns) or (len(head) > len(columns) and not more):
        _broken(path, 1, f"the header must be {','.join(columns)}")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(head):
            _broken(path, number, f"{len(row)} fields where the header has {len(head)}")
    return [dict(zip(head, row, strict=True)) for row in rows[1:]]


def _check_cell(path: Path, number: int, line: dict[str, str], dataset: str, method: str) -> None:
    if (line["dataset"], line["method"]) != (dataset, method):
        _broken(path, number, f"the row belongs to {line['dataset']}/{line['method']}")
    if line["status"] not in STATUSES:
        _broken(path, number, f"status '{line['status']}' is none of {', '.join(STATUSES)}")
    if line["status"] == DONE:
        if line["criterion"] not in CRITERIA or "->" not in line["direction"]:
            _broken(path, number, f"'{line['criterion']}', '{line['direction']}' is no criterion and direction")
        if not 0 <= _number(path, number, "map", line["map"]) <= 1:
            _broken(path, number, f"map '{line['map']}' is outside 0..1")
    elif not line["reason"]:
        _broken(path, number, f"a {line['status']} cell gives no reason")


def _numeric(path: Path, lines: list[dict[str, str]], columns: Sequence[str], texts: Sequence[str]) -> pd.DataFrame:
    frame = pd.DataFrame(lines, columns=list(lines[0] if lines else columns))
    for name in frame.columns.difference(list(texts)):
        frame[name] = [_number(path, row, name, text) for row, text in enumerate(frame[name], start=2)]
    return frame


def _number(path: Path, line: int, column: str, text: str) -> float:
    try:
        return float(text) if text else math.nan
    except ValueError:
        _broken(path, line, f"{column} '{text}' is no number")


def _seed(path: Path, line: int, text: str) -> int | None:
    if text and not text.isdecimal():
        _broken(path, line, f"seed '{text}' is no whole number")
    return int(text) if text else None


def _json(path: Path, absent: Any) -> Any:
    if not path.exists():
        return absent
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        _broken(path, error.lineno, f"no valid JSON ({error.msg})")


def _broken(path: Path, line: int, what: str) -> NoReturn:
    where = "/".join(path.parts[-3:])
    raise BadInput(what, f"{where}, line {line}", "restore the file from git or run the evaluate stage again")
