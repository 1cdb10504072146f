"""What of the headline table is more than chance on these queries: marks of ties, differences to the best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product

import pandas as pd

from pipeline.evaluation.statistics import DRAWS, FLIPS, LEVEL
from pipeline.records.broken import broken
from pipeline.records.reader import Records
from pipeline.records.statistics import STATISTICS
from pipeline.reporting.results.cell_values import cell
from pipeline.reporting.results.report_scope import noise_words
from pipeline.reporting.results.results import CRITERION_NAMES, Results
from pipeline.reporting.tables.table import TIED, Absent, Cell, Number, Table

SAME = 1e-4
"""MAP and the mean of AP are both recorded with six digits."""

_BEST = Absent("best", "the largest MAP of its column: what the others are compared with")
_MEANING = (
    f"{TIED} not significantly worse than the best of its column on these queries (paired permutation test of AP with "
    f"{FLIPS:,} rounds, Holm over all pairs of the column, level {LEVEL}). This does not cover retraining, for which "
    "the spread over seeds stands."
)


@dataclass(frozen=True)
class Standing:
    """One entry in a column of the headline table.

    map: mean over queries and seeds; tied: whether it shares the first place; difference, interval: to the best, None
    for the best itself.
    """

    map: float
    tied: bool
    difference: float | None = None
    interval: tuple[float, float] | None = None


Standings = Mapping[tuple[str, ...], Mapping[str, Standing]]
"""Direction and rate as in the heads of the headline table -> label of an entry with a number -> where it stands."""


def standings(records: Records, results: Results, noise: str) -> Standings:
    """What the statistics record says of the headline table, column by column.

    Gaps are left out, and so are columns that were not tested, that have a number whose AP are of another criterion, or
    whose best is not shown: if the best method were missing, the rest would look tied.
    Raises BadInput where the statistics are not those of the cells.
    """
    name, elsewhere = results.dataset.name, results.elsewhere(noise)
    rows = records.statistics(name)
    rows = rows[(rows["noise"] == noise) & (rows["criterion"] == results.headline)]
    made: dict[tuple[str, ...], dict[str, Standing]] = {}
    for direction, rate in product(results.directions, results.scope.rates):
        cells = {
            entry: cell(results.outcome(entry, noise, rate, results.headline, direction))
            for entry in results.entries(results.headline)
        }
        numbers = {entry: number for entry, number in cells.items() if isinstance(number, Number)}
        tested = rows[(rows["rate"] == rate) & (rows["direction"] == direction)]
        if any(entry in numbers for entry in elsewhere) or (numbers and tested.empty):
            continue
        column = {(row["method"], row["variant"]): row for _, row in tested.iterrows()}
        for entry, number in numbers.items():
            if reason := _contradiction(column.get((entry.method.name, entry.variant)), number):
                place = f"{entry.label}, {noise} {rate}, {direction}: {reason}"
                broken(STATISTICS.file(records.folder, name), None, place)
        ranked = {entry: _standing(column[entry.method.name, entry.variant]) for entry in numbers}
        if not ranked or any(standing.difference is None for standing in ranked.values()):
            made[direction, str(rate)] = {entry.label: standing for entry, standing in ranked.items()}
    return made


def _contradiction(row: pd.Series | None, number: Number) -> str | None:
    if row is None:
        return f"there are no statistics, the MAP is {number.mean:.6g}"
    if abs(row["map"] - number.mean) <= SAME:
        return None
    return f"the mean AP is {row['map']:.6g}, the MAP is {number.mean:.6g}"


def _standing(row: pd.Series) -> Standing:
    tied = bool(pd.notna(row["tied"]) and row["tied"] == 1)
    if pd.isna(row["difference"]):
        return Standing(row["map"], tied)
    return Standing(row["map"], tied, row["difference"], (row["low"], row["high"]))


def untested(results: Results, noise: str) -> str:
    """Whose AP keep columns from being tested, a sentence behind a caption; empty where there are none."""
    names = ", ".join(results.elsewhere(noise).values())
    reason = "Columns with methods whose AP per query are recorded under another criterion are not tested for chance"
    return f" {reason}: {names}." if names else ""


def marked(headline: Table, results: Results, noise: str, standings: Standings) -> Table:
    """The headline table with a mark on all that is not significantly worse than the best of their column."""
    headline = replace(headline, caption=headline.caption + untested(results, noise))
    compared = {head: column for head, column in standings.items() if len(column) > 1}

    def mark(value: Cell, head: tuple[str, ...], label: str) -> Cell:
        if isinstance(value, Absent) or head not in compared:
            return value
        return replace(value, tied=compared[head][label].tied)

    heads = [column.heads[1:] for column in headline.columns]
    rows = [
        replace(row, cells=[mark(value, head, row.label) for value, head in zip(row.cells, heads, strict=True)])
        for row in headline.rows
    ]
    return replace(headline, rows=rows, caption=f"{headline.caption} {_MEANING}") if compared else headline


def differences(headline: Table, results: Results, noise: str, standings: Standings) -> Table | None:
    """MAP minus that of the best of its column, with intervals; None where no column has two numbers."""
    if not any(len(column) > 1 for column in standings.values()):
        return None
    places = [n for n, column in enumerate(headline.columns) if column.heads[1:] in standings]
    columns = [replace(headline.columns[n], ranked=False) for n in places]
    compared = [standings[column.heads[1:]] for column in columns]
    rows = [
        replace(
            row, cells=[_cell(row.cells[n], column.get(row.label)) for n, column in zip(places, compared, strict=True)]
        )
        for row in headline.rows
    ]
    return replace(
        headline,
        name=f"{results.dataset.name}_{noise}_differences",
        title=f"{results.dataset.display}, differences to the best",
        caption=f"MAP under {noise_words(noise)} minus that of the best of the column, "
        f"{CRITERION_NAMES[results.headline]}, by direction and noise rate. In brackets the 95 % interval of a paired "
        f"bootstrap over queries ({DRAWS:,} rounds), each interval by itself, not corrected for how many there are. AP "
        f"are means over seeds, so the intervals do not cover retraining.{untested(results, noise)}",
        columns=columns,
        rows=rows,
    )


def _cell(value: Cell, standing: Standing | None) -> Cell:
    if isinstance(value, Absent) or standing is None:
        return value
    if standing.difference is None:
        return _BEST
    return Number(standing.difference, n=value.n, note=value.note, interval=standing.interval)
