"""Records -> what each cell of a comparison holds: a number per seed, or why there is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import permutations, product
from typing import Any

import pandas as pd

from pipeline.core.cells import DONE, FAILED, SKIPPED
from pipeline.core.criteria import BEST_VALIDATION, CRITERIA, FIXED_CHECKPOINT, LAST_EPOCH, NOISY_VALIDATION
from pipeline.metrics.base import HEADLINE
from pipeline.records.reader import Records
from pipeline.reporting.results.cell_values import NOT_KEPT, NOT_RUN, Outcome, Values, combine
from pipeline.reporting.results.report_scope import Entry, Scope
from pipeline.reporting.tables.table import Absent, decimal

CRITERION_NAMES = {
    BEST_VALIDATION: "best validation",
    NOISY_VALIDATION: "noisy validation",
    FIXED_CHECKPOINT: "fixed checkpoint",
    LAST_EPOCH: "last epoch",
}

NOT_MEASURED = Absent("not run", "the records are older than this metric")
NO_SPREAD = Absent("not kept", "precision at recall levels is recorded for one criterion and without spread")


def under(rows: pd.DataFrame, noise: str, rate: float) -> pd.DataFrame:
    """The records of this noise and rate; a label-free one has neither and answers for each of them."""
    return rows[rows["rate"].isna() | ((rows["noise"] == noise) & (rows["rate"] == rate))]


class Results:
    """All records of one dataset, seen through its grid."""

    def __init__(self, records: Records, scope: Scope) -> None:
        self.scope = scope
        self.dataset = scope.dataset
        self.description = records.description(self.dataset.name)
        self.receipts = [r for r in records.receipts(self.dataset.name) if r["kind"] in scope.noises]
        self.probes = records.probes(self.dataset.name)
        self._cells = {method.name: records.cells(self.dataset.name, method.name) for method in scope.methods}
        self._records = records
        # Indexed once: every table and figure asks for them.
        self._rows = {
            (name, variant): rows for name, cells in self._cells.items() for variant, rows in cells.groupby("variant")
        }
        self._settings = {
            (name, variant, *_setting(noise, rate)): rows
            for (name, variant), cells in self._rows.items()
            for (noise, rate), rows in cells.groupby(["noise", "rate"], dropna=False)
        }
        self._done: dict[tuple[Any, ...], dict[int | None, dict[Any, Any]]] = {}
        for setting, cells in self._settings.items():
            for row in cells[cells["status"] == DONE].to_dict("records"):
                by_seed = self._done.setdefault((*setting, row["criterion"], row["direction"]), {})
                by_seed[None if pd.isna(row["seed"]) else int(row["seed"])] = row

    @property
    def clean(self) -> bool:
        """Whether the true labels are known; else the recorded ones are those that a user has."""
        return self.description is None or bool(self.description.get("clean", True))

    @property
    def chance(self) -> str:
        """What random rankings reach, as a clause; empty where it was not recorded."""
        if self.description is None or "chance" not in self.description:
            return ""
        limit = self.description.get("chance_limit")
        luck = "" if limit is None else f", by luck up to {decimal(limit, 3)}"
        return f"Random rankings reach {decimal(self.description['chance'], 3)}{luck}"

    def differs(self, value: float) -> bool:
        """Whether a MAP differs from chance (retrieval/chance.py); records without a limit leave that open."""
        limit = (self.description or {}).get("chance_limit")
        return limit is None or value > limit

    @cached_property
    def directions(self) -> list[str]:
        """As recorded; before anything was run, every ordered pair of views."""
        recorded = pd.concat(list(self._cells.values()))["direction"]
        views = self.description["views"] if self.description else ()
        return [name for name in recorded.unique() if name] or [f"{a}->{b}" for a, b in permutations(views, 2)]

    @property
    def many_directions(self) -> bool:
        """Whether there are more than the two of two views, so that tables summarise them."""
        return len(self.directions) > 2

    def entries(self, criterion: str) -> list[Entry]:
        """The entries shown under a criterion: all of them, with two exceptions.

        Best validation shows none if the dataset has no validation split; the fixed checkpoint shows only the entries
        that have one.
        """
        if criterion == BEST_VALIDATION and self.description and not self.description["sizes"]["valid"]:
            return []
        if criterion in (NOISY_VALIDATION, FIXED_CHECKPOINT):
            return [entry for entry in self.scope.entries if criterion in set(self.rows(entry)["criterion"])]
        return self.scope.entries

    @cached_property
    def headline(self) -> str:
        """The first criterion shared by all entries with numbers, so that the headline results omit none of them.

        If they share none, the first criterion that shows any entry.
        """
        possible = [criterion for criterion in CRITERIA if self.entries(criterion)]
        kept = [criteria for entry in self.scope.entries if (criteria := self.kept(entry))]
        common = [criterion for criterion in possible if all(criterion in criteria for criteria in kept)]
        return (common or possible)[0]

    def kept(self, entry: Entry, noise: str | None = None) -> list[str]:
        """The criteria under which an entry has numbers, under this noise where one is named."""
        rows = self.rows(entry)
        matching = rows["noise"].isna() | (rows["noise"] == noise) | (noise is None)
        criteria = set(rows.loc[matching & (rows["status"] == DONE), "criterion"])
        return [criterion for criterion in CRITERIA if criterion in criteria]

    def first(self, entry: Entry, noise: str) -> str:
        """The first criterion under which an entry has numbers for this noise; the headline if there is none.

        AP per query, precision at recall levels, suspicion and readout are recorded under this criterion alone.
        """
        return next(iter(self.kept(entry, noise)), self.headline)

    def elsewhere(self, noise: str) -> dict[Entry, str]:
        """Entries whose AP and precision come from a criterion other than the headline -> their label in captions.

        These values match no headline MAP, so the label names their criterion.
        """
        first = {entry: self.first(entry, noise) for entry in self.scope.entries}
        return {
            entry: f"{entry.label} ({CRITERION_NAMES[criterion]})"
            for entry, criterion in first.items()
            if criterion != self.headline
        }

    @property
    def criteria(self) -> list[str]:
        """What figures and the robustness table show: the headline and beside it the last epoch."""
        return list(dict.fromkeys([self.headline, LAST_EPOCH]))

    def drawn_once(self, noise: str) -> bool:
        """Whether all seeds met the same noisy labels at every rate."""
        drawn = [(receipt["rate"], receipt["hash"]) for receipt in self.receipts if receipt["kind"] == noise]
        return len(drawn) > len(set(drawn)) == len({rate for rate, _ in drawn})

    @cached_property
    def _curves(self) -> dict[str, pd.DataFrame]:
        return {method.name: self._records.curves(self.dataset.name, method.name) for method in self.scope.methods}

    def rows(self, entry: Entry) -> pd.DataFrame:
        """The records of one row of a comparison, at every noise, rate and seed."""
        return self._rows.get((entry.method.name, entry.variant), self.no_rows)

    def rows_at(self, entry: Entry, noise: str, rate: float) -> pd.DataFrame:
        """The same under one noise and rate; a label-free one has neither and answers for each of them."""
        row = (entry.method.name, entry.variant)
        matching = [self._settings[key] for key in ((*row, None, None), (*row, noise, rate)) if key in self._settings]
        if len(matching) == 1:
            return matching[0]
        return pd.concat(matching) if matching else self.no_rows

    @cached_property
    def no_rows(self) -> pd.DataFrame:
        """The records of a method that was never run."""
        return self._records.cells(self.dataset.name, "")

    def outcome(
        self, entry: Entry, noise: str, rate: float, criterion: str, direction: str, metric: str = HEADLINE
    ) -> Outcome:
        """A metric of one cell of a comparison, seed by seed."""
        rows = self.rows_at(entry, noise, rate)
        if metric not in rows.columns:
            return NOT_MEASURED
        row, last = (entry.method.name, entry.variant), (criterion, direction)
        done = self._done.get((*row, None, None, *last), {}) | self._done.get((*row, noise, rate, *last), {})
        return self.by_seed(rows, {seed: float(scores[metric]) for seed, scores in done.items()})

    def by_seed(self, rows: pd.DataFrame, values: Mapping[int | None, float], lacking: Absent = NOT_KEPT) -> Outcome:
        """A number per seed of the scope, with a note on missing seeds; the reason if every seed is missing.

        rows: the records of the cells, which tell why a seed has no number; lacking: the reason to print if a cell
        finished without this value. A deterministic value, under None, stands for all seeds.
        """
        if None in values:
            return Values({None: values[None]})
        values = {seed: value for seed, value in values.items() if seed in self.scope.seeds}
        missing = [seed for seed in self.scope.seeds if seed not in values]
        if not values:
            return _why(rows, self.scope.seeds, lacking)
        if missing:
            reasons = "; ".join(f"seed {seed} {_reason(_why(rows, [seed], lacking))}" for seed in missing)
            return Values(values, f"n = {len(values)} of {len(self.scope.seeds)} seeds: {reasons}")
        return Values(values)

    def eleven_point(self, entry: Entry, noise: str, rate: float, criterion: str, direction: str) -> Outcome:
        """The mean of the precision at eleven recall levels, recorded under the first criterion and without spread."""
        ranked = self.outcome(entry, noise, rate, criterion, direction)
        if isinstance(ranked, Absent):
            return ranked
        curves = under(self._curves[entry.method.name], noise, rate)
        rows = curves[(curves["variant"] == entry.variant) & (curves["direction"] == direction)]
        if criterion != self.first(entry, noise) or len(ranked.by_seed) > 1 or rows.empty:
            return NO_SPREAD
        return Values(dict.fromkeys(ranked.by_seed, float(rows["precision"].mean())), ranked.note)

    def mean(
        self,
        entry: Entry,
        noise: str,
        rates: Sequence[float],
        criterion: str,
        metric: str = HEADLINE,
        directions: Sequence[str] | None = None,
    ) -> Outcome:
        """Mean over directions, all where none are named, and the given rates, seed by seed."""
        ways = self.directions if directions is None else directions
        parts = [self.outcome(entry, noise, r, criterion, d, metric) for r in rates for d in ways]
        return combine(parts, [1 / len(parts) for _ in parts])

    def has_numbers(self, noise: str | None = None) -> bool:
        """Whether any cell is done, under this noise where one is named; label-free cells belong to every noise."""
        cells = pd.concat(list(self._cells.values()))
        matching = cells["noise"].isna() | (cells["noise"] == noise) | (noise is None)
        return bool((matching & (cells["status"] == DONE)).any())

    def absences(self) -> list[tuple[Entry, Absent, int]]:
        """Every kind of gap in the comparisons with the number of cells that it leaves empty."""
        pairs = [(entry, criterion) for criterion in CRITERIA for entry in self.entries(criterion)]
        gaps: Counter[tuple[Entry, Absent]] = Counter()
        for (entry, criterion), noise, rate in product(pairs, self.scope.noises, self.scope.rates):
            for direction in self.directions:
                outcome = self.outcome(entry, noise, rate, criterion, direction)
                if isinstance(outcome, Absent):
                    gaps[entry, outcome] += 1
        order = self.scope.entries
        return sorted(((entry, gap, count) for (entry, gap), count in gaps.items()), key=lambda g: order.index(g[0]))


def means(rows: pd.DataFrame, measure: str) -> dict[int | None, float]:
    """The mean of a measure by seed; a deterministic one stands under None."""
    by_seed = rows.groupby("seed", dropna=False)[measure].mean()
    return {None if pd.isna(seed) else int(seed): float(value) for seed, value in by_seed.items()}  # type: ignore[call-overload]


def _setting(noise: Any, rate: Any) -> tuple[str | None, float | None]:
    """Noise and rate as they are looked up; a label-free row has neither."""
    return (None, None) if pd.isna(rate) else (noise, float(rate))


def _why(rows: pd.DataFrame, seeds: Sequence[int], lacking: Absent) -> Absent:
    rows = rows[rows["seed"].isna() | rows["seed"].isin(list(seeds))]
    for status in (FAILED, SKIPPED):
        reasons = rows.loc[rows["status"] == status, "reason"]
        if len(reasons):
            return Absent(status, "; ".join(reasons.unique()))
    return lacking if (rows["status"] == DONE).any() else NOT_RUN


def _reason(absent: Absent) -> str:
    return absent.state if absent in (NOT_RUN, NOT_KEPT) else f"{absent.state} ({absent.reason})"
