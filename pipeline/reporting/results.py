"""Records -> what each cell of a comparison holds: a number per seed, or why there is none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from statistics import fmean, stdev

import pandas as pd

from pipeline.contract import BEST_VALIDATION, CRITERIA, LAST_EPOCH
from pipeline.reporting.info import DatasetInfo, Entry, Scope
from pipeline.reporting.records import DONE, FAILED, SKIPPED, Records
from pipeline.reporting.table import Absent, Cell, Number

CRITERION_NAMES = {BEST_VALIDATION: "best validation", LAST_EPOCH: "last epoch"}
NOT_RUN = Absent("not run", "no record of this cell: it has not been run yet")


@dataclass(frozen=True)
class Values:
    """MAP by seed; a deterministic result stands under the seed None. note: what is missing from it."""

    by_seed: Mapping[int | None, float]
    note: str | None = None

    @property
    def deterministic(self) -> bool:
        return set(self.by_seed) == {None}


Outcome = Values | Absent


class Results:
    """All records of one dataset, seen through the configured grid."""

    def __init__(self, records: Records, scope: Scope, dataset: DatasetInfo) -> None:
        self.scope, self.dataset = scope, dataset
        self.description = records.description(dataset.name)
        self.receipts = records.receipts(dataset.name)
        self._cells = {method.name: records.cells(dataset.name, method.name) for method in scope.methods}

    @property
    def directions(self) -> list[str]:
        """As recorded; before anything was run, every ordered pair of views."""
        recorded = pd.concat(list(self._cells.values()))["direction"]
        views = self.description["views"] if self.description else ()
        return [name for name in recorded.unique() if name] or [f"{a}->{b}" for a, b in permutations(views, 2)]

    def outcome(self, entry: Entry, noise: str, rate: float, criterion: str, direction: str) -> Outcome:
        """A label-free record has no rate and answers for each of them."""
        rows = self._cells[entry.method.name]
        rows = rows[(rows["variant"] == entry.variant)]
        rows = rows[rows["rate"].isna() | ((rows["noise"] == noise) & (rows["rate"] == rate))]
        done = rows[(rows["status"] == DONE) & (rows["criterion"] == criterion) & (rows["direction"] == direction)]
        values = {
            None if pd.isna(seed) else int(seed): float(m) for seed, m in zip(done["seed"], done["map"], strict=True)
        }
        if None in values:
            return Values({None: values[None]})
        values = {seed: value for seed, value in values.items() if seed in self.scope.seeds}
        missing = [seed for seed in self.scope.seeds if seed not in values]
        if not values:
            return _why(rows, self.scope.seeds)
        if missing:
            reasons = "; ".join(f"seed {seed} {_reason(_why(rows, [seed]))}" for seed in missing)
            return Values(values, f"n = {len(values)} of {len(self.scope.seeds)} seeds: {reasons}")
        return Values(values)

    def mean(self, entry: Entry, noise: str, rates: Sequence[float], criterion: str) -> Outcome:
        """Mean over both directions and the given rates, seed by seed."""
        parts = [self.outcome(entry, noise, r, criterion, d) for r in rates for d in self.directions]
        return combine(parts, [1 / len(parts) for _ in parts])

    def has_numbers(self) -> bool:
        return any((cells["status"] == DONE).any() for cells in self._cells.values())

    def absences(self) -> list[tuple[Entry, Absent, int]]:
        """Every kind of gap in the configured grid with the number of cells that it leaves empty."""
        gaps: dict[tuple[Entry, Absent], int] = {}
        for entry in self.scope.entries:
            for noise in self.scope.noises:
                for rate in self.scope.rates:
                    for criterion in CRITERIA:
                        for direction in self.directions:
                            found = self.outcome(entry, noise, rate, criterion, direction)
                            if isinstance(found, Absent):
                                gaps[entry, found] = gaps.get((entry, found), 0) + 1
        return [(entry, absent, count) for (entry, absent), count in gaps.items()]


def combine(parts: Sequence[Outcome], weights: Sequence[float]) -> Outcome:
    """A weighted sum, seed by seed, so that its spread is that of the whole and not of its parts."""
    if not parts:
        return NOT_RUN
    absent = list(dict.fromkeys(part for part in parts if isinstance(part, Absent)))
    values = [part for part in parts if isinstance(part, Values)]
    if len(absent) == 1 and not values:
        return absent[0]
    if absent:
        return Absent("incomplete", "not shown because part of what it is made of is missing")
    seeds = _shared(values)
    if not seeds:
        return Absent("incomplete", "not shown because its parts share no seed")
    note = next((part.note for part in values if part.note), None)
    return Values({seed: _weighted(values, weights, seed) for seed in seeds}, note)


def cell(outcome: Outcome) -> Cell:
    if isinstance(outcome, Absent):
        return outcome
    numbers = list(outcome.by_seed.values())
    spread = stdev(numbers) if len(numbers) > 1 else None
    return Number(fmean(numbers), spread, len(numbers), outcome.deterministic, outcome.note)


def _shared(values: Sequence[Values]) -> list[int | None]:
    seeded = [set(part.by_seed) for part in values if not part.deterministic]
    return sorted(set.intersection(*seeded), key=str) if seeded else [None]


def _weighted(values: Iterable[Values], weights: Sequence[float], seed: int | None) -> float:
    numbers = [part.by_seed[None if part.deterministic else seed] for part in values]
    return sum(weight * number for weight, number in zip(weights, numbers, strict=True))


def _why(rows: pd.DataFrame, seeds: Sequence[int]) -> Absent:
    rows = rows[rows["seed"].isna() | rows["seed"].isin(list(seeds))]
    for status in (FAILED, SKIPPED):
        reasons = rows.loc[rows["status"] == status, "reason"]
        if len(reasons):
            return Absent(status, "; ".join(reasons.unique()))
    return NOT_RUN


def _reason(absent: Absent) -> str:
    return "not run" if absent is NOT_RUN else f"{absent.state} ({absent.reason})"
