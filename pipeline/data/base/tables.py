"""Tables that a user writes by hand or exports: one row per sample, with the place of every row for messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unicodedata import normalize

from pipeline.core.errors import BadInput, MissingFiles, UnknownName
from pipeline.data.base import delimited, json_lines, parquet
from pipeline.data.base.cells import NoText, texts
from pipeline.samples import base as kinds

Rows = tuple[list[str], list[list[Any]], list[int]]
"""Names of the columns, the n cells of each, and the number of each of the n rows in the file."""


@dataclass(frozen=True)
class Table:
    """A table of n rows, at least one.

    columns: name -> n cells without surrounding blanks, '' where one is empty; refused: further columns -> why their
    cells are no texts, which matters to nobody but who asks for them; numbers: of the rows in the file; unit: what is
    numbered there, 'line' or 'row'.
    """

    file: Path
    columns: Mapping[str, Sequence[str]]
    refused: Mapping[str, BadInput]
    numbers: Sequence[int]
    unit: str

    def __len__(self) -> int:
        return len(self.numbers)

    def place(self, row: int) -> str:
        """`file, line n`, of a row from 0."""
        return f"{self.file}, {self.unit} {self.numbers[row]}"

    def check(self, *columns: str) -> None:
        """Raise UnknownName for a column that is not there, BadInput for one whose cells are no texts."""
        for column in columns:
            if column in self.refused:
                raise self.refused[column]
            if column not in self.columns:
                raise UnknownName(column, [*self.columns, *self.refused], f"{self.file}, columns")

    def needed(self, column: str, rows: Sequence[int] | None = None) -> list[str]:
        """The cells of a column in some rows or in all, none of which may be empty.

        Raises BadInput for the first that is, else as check.
        """
        self.check(column)
        chosen = range(len(self)) if rows is None else rows
        cells = [self.columns[column][row] for row in chosen]
        if "" in cells:
            place, remedy = self.place(chosen[cells.index("")]), f"fill it in or remove the {self.unit}"
            raise BadInput(f"the column '{column}' is empty", place, remedy)
        return cells


def read_table(file: Path) -> Table:
    """Read a table whose columns have names: .csv, .tsv, .jsonl (.ndjson) or .parquet.

    Raises MissingFiles, or BadInput that names file and row, for what cannot be meant in one way alone.
    """
    suffix = file.suffix.lower()
    if suffix not in READERS:
        remedy = f"save it as one of {', '.join(READERS)}"
        raise BadInput(f"'{suffix}' is no kind of table that is read", str(file), remedy)
    if file.is_dir():
        raise BadInput("this is a folder and no table", str(file), "name the file")
    if not file.exists():
        raise MissingFiles("the table is missing", str(file), "put it there or correct params.yaml")
    read, unit = READERS[suffix]
    try:
        names, columns, numbers = read(file)
    except OSError as error:
        raise BadInput(f"it cannot be opened ({error.strerror or error})", str(file), "make it readable") from None
    if not numbers:
        raise BadInput("the table has no rows", str(file), "give names of columns and a row per sample")
    named = _named(names, columns, file)
    taken: dict[str, list[str]] = {}
    refused: dict[str, BadInput] = {}
    for name, cells in named.items():
        try:
            taken[name] = texts(cells)
        except NoText as problem:
            place, remedy = f"{file}, {unit} {numbers[problem.row]}", "save texts or whole numbers there"
            refused[name] = BadInput(f"the column '{name}' {problem}", place, remedy)
    return Table(file, taken, refused, numbers, unit)


def _named(names: list[str], columns: list[list[Any]], file: Path) -> dict[str, list[Any]]:
    """Columns by name. What has neither a name nor a cell is no column, as behind a comma at the end of every line."""
    place = f"{file}, columns"
    named: dict[str, list[Any]] = {}
    for number, (given, cells) in enumerate(zip(names, columns, strict=True), start=1):
        name = normalize("NFC", given.strip())
        if not name:
            if any(cell not in ("", None) for cell in cells):
                remedy = "name it, or leave it out (pandas: index=False)"
                raise BadInput(f"column {number} has no name", place, remedy)
            continue
        if name in named:
            raise BadInput(f"two columns are named '{name}'", place, "rename one")
        if Path(name).suffix.lower() in kinds.suffixes():
            problem = f"the first line has the file '{name}' where names of columns belong"
            raise BadInput(problem, place, "put a line such as file,text,label before it")
        named[name] = cells
    return named


READERS: dict[str, tuple[Callable[[Path], Rows], str]] = {
    ".csv": (delimited.read_csv, "line"),
    ".tsv": (delimited.read_tsv, "line"),
    ".jsonl": (json_lines.read, "line"),
    ".ndjson": (json_lines.read, "line"),
    ".parquet": (parquet.read, "row"),
}
"""Suffix -> what reads such a file, and what its rows are counted in."""
