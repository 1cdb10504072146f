"""CSV tables that a user writes by hand or exports, with the line of every row for messages."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import BadInput, MissingFiles, UnknownName


@dataclass(frozen=True)
class Line:
    """One row: its cells by column, without surrounding blanks. place: `file, line n`, for messages."""

    cells: dict[str, str]
    place: str

    def needed(self, column: str) -> str:
        """A cell. Raises BadInput if it is empty."""
        if not self.cells[column]:
            raise BadInput(f"the column '{column}' is empty", self.place, "fill it in or remove the line")
        return self.cells[column]


@dataclass(frozen=True)
class Table:
    """A CSV file. header: its columns; lines: at least one."""

    file: Path
    header: Sequence[str]
    lines: Sequence[Line]

    def check(self, *columns: str) -> None:
        """Raise UnknownName for a column that the header lacks."""
        for column in columns:
            if column not in self.header:
                raise UnknownName(column, self.header, f"{self.file}, line 1, columns")


def read_table(file: Path) -> Table:
    """Read a comma-separated UTF-8 file whose first line names the columns. Raises BadInput that names the line."""
    lines = []
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.reader(opened, strict=True)
            header = [name.strip() for name in next(reader, [])]
            for row in reader:
                place = f"{file}, line {reader.line_num}"
                if not row:
                    continue
                if len(row) != len(header):
                    problem = f"it has {len(row)} columns, the first line has {len(header)}"
                    raise BadInput(problem, place, "put texts that hold commas between double quotes")
                lines.append(Line(dict(zip(header, (cell.strip() for cell in row), strict=True)), place))
    except OSError:
        raise MissingFiles("the table is missing", str(file), "put it there or correct params.yaml") from None
    except UnicodeDecodeError:
        raise BadInput("it is not in UTF-8", str(file), "save it as CSV UTF-8") from None
    except csv.Error as error:
        place = f"{file}, line {reader.line_num}"
        raise BadInput(f"this is no CSV ({error})", place, "mend the quotes or save the table again") from None
    repeated = next((name for name in header if header.count(name) > 1), None)
    if repeated is not None:
        raise BadInput(f"two columns are named '{repeated}'", f"{file}, line 1", "rename one")
    if not lines:
        raise BadInput("the table has no rows", str(file), "give a line of column names and a line per sample")
    return Table(file, header, lines)
