"""What a cell of a comparison holds, seed by seed, and how such cells are combined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from pipeline.reporting.tables.table import Absent, Cell, Number

NOT_RUN = Absent("not run", "no record of this cell: it has not been run yet")
NOT_KEPT = Absent("not kept", "run, but no weights were kept under this criterion")


@dataclass(frozen=True)
class Values:
    """MAP by seed; a deterministic result stands under the seed None. note: what is missing from it."""

    by_seed: Mapping[int | None, float]
    note: str | None = None

    @property
    def deterministic(self) -> bool:
        return set(self.by_seed) == {None}


Outcome = Values | Absent


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
    """Show an outcome as a cell: the mean over seeds and, from two of them on, the sample standard deviation."""
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
