"""One table of numbers, and how its cells, ranks and footnotes read in every format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

DETERMINISTIC, TIED = "†", "≈"


@dataclass(frozen=True)
class Number:
    """A mean over n seeds; std is None for a single value. deterministic: no seed could change it.

    interval: where the mean lies over other queries; tied: whether it is not significantly worse than the best of its
    column, None where that was not tested.
    """

    mean: float
    std: float | None = None
    n: int = 1
    deterministic: bool = False
    note: str | None = None
    interval: tuple[float, float] | None = None
    tied: bool | None = None


@dataclass(frozen=True)
class Absent:
    """A cell without a number: a word such as 'failed' and the reason why."""

    state: str
    reason: str


Cell = Number | Absent


@dataclass(frozen=True)
class Column:
    """heads: from the widest spanner down to the column's own head. ranked: larger is better.

    decimals: where they differ from the table's.
    """

    heads: tuple[str, ...]
    ranked: bool = True
    decimals: int | None = None


@dataclass(frozen=True)
class Row:
    """method: whose row it is, for the page to lead to what it says of that method."""

    label: str
    cells: Sequence[Cell]
    note: str | None = None
    method: str | None = None


@dataclass(frozen=True)
class Table:
    """A table of the report, before any format is applied.

    stub: what a row is; levels: what each level of the heads is, e.g. dataset, direction, noise rate; grouped: whether
    rows belong together, so that readers should not sort them; folded: whether the page shows only the title until
    the table is opened.
    """

    name: str
    title: str
    caption: str
    stub: str
    levels: tuple[str, ...]
    columns: Sequence[Column]
    rows: Sequence[Row]
    notes: Sequence[str] = ()
    decimals: int = 3
    grouped: bool = False
    folded: bool = False

    def digits(self, column: int) -> int:
        own = self.columns[column].decimals
        return self.decimals if own is None else own

    def spanners(self, level: int) -> list[tuple[str, int]]:
        """Heads of one level with the number of columns that each spans."""
        groups = groupby(self.columns, key=lambda column: column.heads[: level + 1])
        return [(arrows(heads[level]), len(list(columns))) for heads, columns in groups]


@dataclass(frozen=True)
class Printed:
    """A cell as text.

    spread: '± deviation' or '[low, high]'; rank: 1 best, 2 second, 0 neither; state: 'number' or the state of an
    absent cell.
    """

    text: str
    spread: str
    rank: int
    mark: str
    state: str


@dataclass
class Footnotes:
    """Letters for reasons, in order of first appearance; the same reason, the same letter."""

    texts: list[str] = field(default_factory=list)
    deterministic: bool = False
    tied: bool = False

    def mark(self, text: str | None) -> str:
        if text is None:
            return ""
        if text not in self.texts:
            self.texts.append(text)
        first, second = divmod(self.texts.index(text), 26)
        return ("" if first == 0 else chr(96 + first)) + chr(97 + second)

    def all(self) -> list[tuple[str, str]]:
        marked = [(self.mark(text), text) for text in self.texts]
        if self.deterministic:
            marked.append((DETERMINISTIC, "deterministic: one solution, so there is no spread over seeds"))
        if self.tied:
            marked.append((TIED, "not significantly worse than the best of its column on these queries"))
        return marked


def arrows(text: str) -> str:
    """Replace each '->' with ' → ', as in a direction between two views."""
    return text.replace("->", " → ")


def decimal(value: float, decimals: int) -> str:
    """.512 rather than 0.512, as in the papers; never -.000."""
    text = f"{abs(value):.{decimals}f}"
    sign = "−" if value < 0 and float(text) > 0 else ""
    return sign + text.removeprefix("0")


def typeset(table: Table) -> tuple[list[tuple[Row, str, list[Printed]]], list[tuple[str, str]]]:
    """Rows as (row, mark of its note, printed cells) and the marked footnotes."""
    footnotes = Footnotes()
    ranks = [_ranks(table, column) for column in range(len(table.columns))]
    rows = []
    for r, row in enumerate(table.rows):
        mark = footnotes.mark(row.note)
        cells = [_printed(cell, ranks[c][r], table.digits(c), footnotes) for c, cell in enumerate(row.cells)]
        rows.append((row, mark, cells))
    return rows, footnotes.all()


def _ranks(table: Table, column: int) -> list[int]:
    """Ranks by the printed digits: what reads the same ranks the same."""
    cells = [row.cells[column] for row in table.rows]
    values = [round(cell.mean, table.digits(column)) if isinstance(cell, Number) else None for cell in cells]
    order = sorted({value for value in values if value is not None}, reverse=True)
    if not table.columns[column].ranked:
        return [0] * len(values)
    return [order.index(value) + 1 if value is not None and value in order[:2] else 0 for value in values]


def _printed(cell: Cell, rank: int, decimals: int, footnotes: Footnotes) -> Printed:
    if isinstance(cell, Absent):
        return Printed(cell.state, "", 0, footnotes.mark(cell.reason), cell.state)
    footnotes.deterministic |= cell.deterministic
    footnotes.tied |= bool(cell.tied)
    signs = (DETERMINISTIC if cell.deterministic else "") + (TIED if cell.tied else "")
    mark, spread = signs + footnotes.mark(cell.note), ""
    if cell.interval:
        spread = f"[{', '.join(decimal(end, decimals) for end in cell.interval)}]"
    elif cell.std is not None:
        spread = f"± {decimal(cell.std, decimals)}"
    return Printed(decimal(cell.mean, decimals), spread, rank, mark, "number")
