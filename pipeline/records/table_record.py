"""Records with rows and columns: a CSV file per dataset."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.core.files import write_text
from pipeline.records.broken import broken
from pipeline.records.parts import files_of

Line = dict[str, str]
"""A row as it stands in the file: column -> text, empty where there is no value."""


class Kind(Enum):
    """What a column holds, and what the reader makes of an empty field."""

    TEXT = "text"
    NAME = "name"
    """Text, or None where the field is empty."""
    WHOLE = "whole number"
    """Nullable Int64."""
    NUMBER = "number"
    """Float, NaN where the field is empty."""


@dataclass(frozen=True)
class Column:
    """share: whether a value must lie in 0..1; needed: whether it may not be empty."""

    name: str
    kind: Kind = Kind.NUMBER
    share: bool = False
    needed: bool = False


METHOD, VARIANT = Column("method", Kind.TEXT, needed=True), Column("variant", Kind.TEXT, needed=True)
NOISE, RATE = Column("noise", Kind.NAME), Column("rate", share=True)
SEED = Column("seed", Kind.WHOLE)
DIRECTION = Column("direction", Kind.TEXT, needed=True)
SETTING = (METHOD, VARIANT, NOISE, RATE)
"""All that names a cell on its dataset but for its seed; a label-free one has neither noise nor rate."""


@dataclass(frozen=True)
class TableRecord:
    """One record: the files of each dataset are records/<folder>/<dataset>.csv and <dataset>.*.csv (records/parts.py).

    key: columns that no two rows share all values of; more: what any further columns hold; digits: significant digits
    of a number; check: says what is wrong with a line, None if nothing is.
    """

    folder: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    more: Column | None = None
    digits: int = 4
    check: Callable[[Line], str | None] = lambda line: None

    def file(self, records: Path, dataset: str) -> Path:
        return records / self.folder / f"{dataset}.csv"

    def write(self, records: Path, dataset: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write the rows in their order; further columns stand in the order in which rows first have them."""
        rows = list(rows)
        named = [column.name for column in self.columns]
        names = named + [name for name in dict.fromkeys(name for row in rows for name in row) if name not in named]
        if self.more is None and len(names) > len(named):
            raise ValueError(f"{self.folder} has no column '{names[len(named)]}'")
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([self._field(row.get(name)) for name in names] for row in rows)
        write_text(self.file(records, dataset), text.getvalue())

    def read(self, records: Path, dataset: str) -> pd.DataFrame:
        """Return all rows of a dataset's files, none where there is no file.

        Raises BadInput that names file and line of a broken one.
        """
        keys: set[tuple[str, ...]] = set()
        tables = [self._read(path, keys) for path in files_of(self.file(records, dataset))]
        filled = [table for table in tables if len(table)] or tables[:1]
        return pd.concat(filled, ignore_index=True) if len(filled) > 1 else filled[0]

    def _read(self, path: Path, keys: set[tuple[str, ...]]) -> pd.DataFrame:
        """The rows of one file. keys: those of the rows before, to which these are added."""
        columns, lines = self._lines(path)
        for number, line in enumerate(lines, start=2):
            key = tuple(line[name] for name in self.key)
            if key in keys:
                broken(path, number, f"the same {', '.join(self.key)} stand twice")
            keys.add(key)
            if reason := self.check(line):
                broken(path, number, reason)
        return pd.DataFrame({column.name: _values(path, column, lines) for column in columns})

    def _field(self, value: Any) -> str:
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return ""
        if isinstance(value, str | int):
            return str(int(value)) if isinstance(value, bool) else str(value)
        return f"{value:.{self.digits}g}"

    def _lines(self, path: Path) -> tuple[Sequence[Column], list[Line]]:
        if not path.exists():
            return self.columns, []
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
        names, head = [column.name for column in self.columns], rows[0] if rows else []
        if head[: len(names)] != names or (len(head) > len(names) and self.more is None) or len({*head}) < len(head):
            broken(path, 1, f"the header must be {','.join(names)}")
        for number, row in enumerate(rows[1:], start=2):
            if len(row) != len(head):
                broken(path, number, f"{len(row)} fields where the header has {len(head)}")
        columns = [*self.columns, *(_named(self.more, name) for name in head[len(names) :])]
        return columns, [dict(zip(head, row, strict=True)) for row in rows[1:]]


def _named(column: Column | None, name: str) -> Column:
    assert column is not None
    return Column(name, column.kind, column.share, column.needed)


def _values(path: Path, column: Column, lines: Sequence[Line]) -> Any:
    texts = [line[column.name] for line in lines]
    for number, text in enumerate(texts, start=2):
        if column.needed and not text:
            broken(path, number, f"there is no {column.name}")
    if column.kind is Kind.WHOLE:
        return pd.array([_whole(path, row, column, text) for row, text in enumerate(texts, start=2)], "Int64")
    if column.kind is Kind.NUMBER:
        return pd.Series([_number(path, row, column, text) for row, text in enumerate(texts, start=2)], dtype=float)
    return pd.Series([text or None for text in texts] if column.kind is Kind.NAME else texts, dtype=object)


def _whole(path: Path, line: int, column: Column, text: str) -> int | None:
    if text and not text.isdecimal():
        broken(path, line, f"{column.name} '{text}' is no whole number")
    return int(text) if text else None


def _number(path: Path, line: int, column: Column, text: str) -> float:
    try:
        value = float(text) if text else math.nan
    except ValueError:
        broken(path, line, f"{column.name} '{text}' is no number")
    if text and not math.isfinite(value):
        broken(path, line, f"{column.name} '{text}' is no finite number")
    if column.share and not (0 <= value <= 1 or not text):
        broken(path, line, f"{column.name} '{text}' is outside 0..1")
    return value
