"""Strict reading of record files: what is broken is named with file and line; a missing file is empty."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from pipeline.core.errors import BadInput
from pipeline.core.splits import Array


def csv_rows(path: Path, columns: Sequence[str], more: bool = False) -> list[dict[str, str]]:
    """Rows of a CSV file as text; no file, no rows. `more`: further columns may follow the named ones."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    head = rows[0] if rows else []
    if tuple(head[: len(columns)]) != tuple(columns) or (len(head) > len(columns) and not more):
        broken(path, 1, f"the header must be {','.join(columns)}")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(head):
            broken(path, number, f"{len(row)} fields where the header has {len(head)}")
    return [dict(zip(head, row, strict=True)) for row in rows[1:]]


def numeric_frame(
    path: Path, lines: list[dict[str, str]], columns: Sequence[str], texts: Sequence[str]
) -> pd.DataFrame:
    """Rows as a table in which everything but the columns named in texts is a number, NaN where it is empty."""
    frame = pd.DataFrame(lines, columns=list(lines[0] if lines else columns))
    for name in frame.columns.difference(list(texts)):
        frame[name] = [to_number(path, row, name, text) for row, text in enumerate(frame[name], start=2)]
    return frame


def to_number(path: Path, line: int | None, column: str, text: str) -> float:
    try:
        return float(text) if text else math.nan
    except ValueError:
        broken(path, line, f"{column} '{text}' is no number")


def to_seed(path: Path, line: int, text: str) -> int | None:
    if text and not text.isdecimal():
        broken(path, line, f"seed '{text}' is no whole number")
    return int(text) if text else None


def json_content(path: Path, absent: Any) -> Any:
    if not path.exists():
        return absent
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        broken(path, error.lineno, f"no valid JSON ({error.msg})")


def json_objects(path: Path, what: str, fields: Sequence[str]) -> list[dict[str, Any]]:
    """A list of JSON objects that all have the fields; no file, no objects."""
    found = json_content(path, [])
    for item in found if isinstance(found, list) else broken(path, 1, f"a list of {what}s is expected"):
        missing = set(fields) - set(item if isinstance(item, dict) else ())
        if missing:
            broken(path, 1, f"a {what} lacks {', '.join(sorted(missing))}")
    return list(found)


def named_arrays(path: Path) -> dict[str, Array]:
    """The arrays of an .npz file by name; no file, no arrays."""
    if not path.exists():
        return {}
    try:
        with np.load(path, allow_pickle=False) as archive:
            return dict(archive)
    except (BadZipFile, EOFError, OSError, ValueError):
        broken(path, None, "no readable archive of arrays")


def broken(path: Path, line: int | None, what: str) -> NoReturn:
    where = "/".join(path.parts[-3:])
    raise BadInput(
        what,
        where if line is None else f"{where}, line {line}",
        "restore the file from git or run the stage that writes it again",
    )
