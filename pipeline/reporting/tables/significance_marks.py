"""What of the headline table is more than chance on these queries: marks of ties, differences to the best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from pipeline.core.seeds import generator
from pipeline.core.splits import Array
from pipeline.evaluation.significance import bootstrap_intervals, tied_with_best
from pipeline.records.parsing import broken
from pipeline.records.reader import Records
from pipeline.reporting.results.cell_values import cell
from pipeline.reporting.results.report_scope import noise_words
from pipeline.reporting.results.results import CRITERION_NAMES, Results
from pipeline.reporting.tables.table import TIED, Absent, Cell, Number, Table

LEVEL, FLIPS, DRAWS = 0.05, 49_999, 10_000
SAME = 1e-4
"""MAP is recorded with six digits, AP in single precision."""

_BEST = Absent("best", "the largest MAP of its column: what the others are compared with")
_MEANING = (
    f"{TIED} not distinguishable from the best of its column on these queries (paired permutation test of AP with "
    f"{FLIPS:,} rounds, Holm over all pairs of the column, level {LEVEL}). This does not cover retraining, for which "
    "the spread over seeds stands."
)


@dataclass(frozen=True)
class Sample:
    """One column of the headline table. ap: label of an entry with a number -> AP (Q), mean over seeds."""

    dataset: str
    noise: str
    rate: str
    direction: str
    ap: Mapping[str, Array]

    def means(self) -> dict[str, float]:
        return {label: float(values.mean(dtype=np.float64)) for label, values in self.ap.items()}

    def tied(self) -> list[str] | None:
        """Who shares the first place; nobody if it is one alone, None if there is nobody to compare."""
        if len(self.ap) < 2:
            return None
        names = tied_with_best(self.ap, LEVEL, FLIPS, self._generator("permutation"))
        return names if len(names) > 1 else []

    def to_best(self) -> dict[str, tuple[float, tuple[float, float]]]:
        """Mean of AP minus the best one's, with its interval, for all others."""
        means = self.means()
        best = max(means, key=lambda label: means[label])
        others = [label for label in means if label != best]
        if not others:
            return {}
        gaps = np.stack([np.subtract(self.ap[label], self.ap[best], dtype=np.float64) for label in others], axis=1)
        ends = bootstrap_intervals(gaps, DRAWS, self._generator("bootstrap")).tolist()
        return {
            label: (float(mean), (low, high))
            for label, mean, (low, high) in zip(others, gaps.mean(axis=0), ends, strict=True)
        }

    def _generator(self, what: str) -> np.random.Generator:
        return generator(0, "significance", what, self.dataset, self.noise, self.rate, self.direction)


Samples = Mapping[tuple[str, ...], Sample]
"""Direction and rate as in the heads of the headline table -> its column."""


def samples(records: Records, results: Results, noise: str) -> Samples:
    """The AP behind every number of the headline table; gaps are left out, and so are columns with a number whose AP
    are of another criterion: a best one that is not seen would make equals of others."""
    name = results.dataset.name
    recorded = {method.name: records.ap(name, method.name) for method in results.scope.methods}
    elsewhere = results.elsewhere(noise)
    made: dict[tuple[str, ...], Sample] = {}
    for direction, rate in product(results.directions, results.scope.rates):
        ap: dict[str, Array] = {}
        cells = {
            entry: cell(results.outcome(entry, noise, rate, results.headline, direction))
            for entry in results.entries(results.headline)
        }
        numbers = {entry: number for entry, number in cells.items() if isinstance(number, Number)}
        if any(entry in numbers for entry in elsewhere):
            continue
        for entry, number in numbers.items():
            found = recorded[entry.method.name]
            label_free = found.get((entry.variant, "", None, direction), np.empty(0))
            values = found.get((entry.variant, noise, rate, direction), label_free)
            mean = float(values.mean(dtype=np.float64)) if len(values) else np.nan
            if not abs(mean - number.mean) <= SAME:
                file = records.ap_file(name, entry.method.name)
                told = f"the mean AP is {mean:.6g}" if len(values) else "there is no AP"
                what = f"{entry.label}, {noise} {rate}, {direction}: {told}, the MAP is {number.mean:.6g}"
                broken(file, None, what)
            ap[entry.label] = values
        made[direction, str(rate)] = Sample(name, noise, str(rate), direction, ap)
    return made


def untested(results: Results, noise: str) -> str:
    """Whose AP keep columns from being tested, a sentence behind a caption; empty where there are none."""
    names = ", ".join(results.elsewhere(noise).values())
    told = "Columns with methods whose AP per query are recorded under another criterion are not tested for chance"
    return f" {told}: {names}." if names else ""


def marked(headline: Table, results: Results, noise: str, samples: Samples) -> Table:
    """The headline table with a mark on all that cannot be told from the best of their column."""
    headline = replace(headline, caption=headline.caption + untested(results, noise))
    tied = {column: names for column, sample in samples.items() if (names := sample.tied()) is not None}

    def mark(value: Cell, column: tuple[str, ...], label: str) -> Cell:
        if isinstance(value, Absent) or column not in tied:
            return value
        return replace(value, tied=label in tied[column])

    heads = [column.heads[1:] for column in headline.columns]
    rows = [
        replace(row, cells=[mark(value, head, row.label) for value, head in zip(row.cells, heads, strict=True)])
        for row in headline.rows
    ]
    return replace(headline, rows=rows, caption=f"{headline.caption} {_MEANING}") if tied else headline


def differences(headline: Table, results: Results, noise: str, samples: Samples) -> Table | None:
    """MAP minus that of the best of its column, with intervals; None where no column has two numbers."""
    if not any(len(sample.ap) > 1 for sample in samples.values()):
        return None
    shown = [n for n, column in enumerate(headline.columns) if column.heads[1:] in samples]
    columns = [replace(headline.columns[n], ranked=False) for n in shown]
    compared = [samples[column.heads[1:]].to_best() for column in columns]
    rows = [
        replace(
            row, cells=[_cell(row.cells[n], found.get(row.label)) for n, found in zip(shown, compared, strict=True)]
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


def _cell(shown: Cell, found: tuple[float, tuple[float, float]] | None) -> Cell:
    if isinstance(shown, Absent):
        return shown
    return Number(found[0], n=shown.n, note=shown.note, interval=found[1]) if found else _BEST
