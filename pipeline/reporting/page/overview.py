"""The first screen: one picture, and three sentences per dataset."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

import pandas as pd

from pipeline.core.readouts import MATCH
from pipeline.records.reader import Records
from pipeline.reporting.figures import style
from pipeline.reporting.figures.overview import overview_figure
from pipeline.reporting.page.section import Drawing
from pipeline.reporting.results.cell_values import Values
from pipeline.reporting.results.report_scope import Entry, noise_words
from pipeline.reporting.results.results import Results
from pipeline.reporting.tables.claims import entry_label
from pipeline.reporting.tables.readout import match_outcome
from pipeline.reporting.tables.table import decimal

BEST = 5
"""Methods that the picture shows."""
BASELINE = "klr"
CAPTION = (
    "MAP by match probability against the rate of label noise, mean of directions and seeds, bars of one standard "
    f"deviation: the {BEST} methods of highest mean, each in its best variant, logistic regression on each view's "
    "given label, without a network, and the best of all entries, those of other tables, too. Every dataset has its "
    "own axis; chance is what random rankings reach."
)


@dataclass(frozen=True)
class Curve:
    """MAP by match probability of one entry, a value per rate."""

    entry: Entry
    values: Sequence[Values]

    @property
    def means(self) -> list[float]:
        return [fmean(value.by_seed.values()) for value in self.values]

    @property
    def baseline(self) -> bool:
        return (self.entry.method.name, self.entry.variant) == (BASELINE, "default")


@dataclass(frozen=True)
class Contest:
    """The curves of a dataset under its main noise, the highest mean first; none with less than two rates.

    contenders: all that was trained without being told which labels are right, variants of other tables, too.
    """

    results: Results
    contenders: Sequence[Curve]

    @classmethod
    def of(cls, records: Records, results: Results) -> Contest:
        if len(results.scope.rates) < 2:
            return cls(results, [])
        every, noise = Results(records, results.scope.contenders), results.scope.noises[0]
        made = []
        for entry in every.scope.entries:
            outcomes = [match_outcome(records, every, entry, noise, rate) for rate in results.scope.rates]
            values = [outcome for outcome in outcomes if isinstance(outcome, Values)]
            if len(values) == len(outcomes):
                made.append(Curve(entry, values))
        return cls(results, sorted(made, key=lambda curve: -fmean(curve.means)))

    @property
    def noise(self) -> str:
        return self.results.scope.noises[0]

    @property
    def curves(self) -> list[Curve]:
        """Those of the dataset's own entries, without those of other tables."""
        entries = {(entry.method.name, entry.variant) for entry in self.results.scope.entries}
        return [curve for curve in self.contenders if (curve.entry.method.name, curve.entry.variant) in entries]

    @property
    def drawn(self) -> list[Curve]:
        """The best contender, the best variant of each of the best methods, and the baseline."""
        best: dict[str, Curve] = {}
        for curve in self.curves:
            best.setdefault(curve.entry.method.name, curve)
        shown = [*self.contenders[:1], *list(best.values())[:BEST], *(curve for curve in self.curves if curve.baseline)]
        return [curve for place, curve in enumerate(shown) if curve not in shown[:place]]


def picture(contests: Sequence[Contest]) -> Drawing | None:
    """The picture: a panel per dataset that has curves; None without any."""
    panels = [
        (contest.results, [(curve.entry, curve.values) for curve in contest.drawn])
        for contest in contests
        if contest.contenders
    ]
    return Drawing("overview", style.svg(overview_figure(panels)), CAPTION) if panels else None


def sentences(records: Records, contest: Contest, claims: pd.DataFrame) -> list[str]:
    """How far methods fall, what the best is and by how much, and what the baseline reaches; none without curves.

    claims: what `primary` says of all datasets.
    """
    made = contest.curves
    if not made:
        return []
    if not contest.results.differs(best := fmean(contest.contenders[0].means)):
        told = f"the highest mean over the rates is {decimal(best, 3)}. {contest.results.chance}."
        return [f"No method differs from chance by match probability: {told}"]
    lines = [_falls(contest, made), _best(records, contest, claims)]
    baseline = next((curve for curve in made if curve.baseline), None)
    if baseline is not None:
        place = made.index(baseline) + 1
        lines.append(
            f"{baseline.entry.label} on each view's given label, without any network, reaches "
            f"{decimal(baseline.means[0], 3)} and {decimal(baseline.means[-1], 3)}: number {place} of {len(made)}."
        )
    return lines


def _falls(contest: Contest, made: Sequence[Curve]) -> str:
    falls = {curve.entry.label: curve.means[0] - curve.means[-1] for curve in made}
    least, most = min(falls, key=lambda label: falls[label]), max(falls, key=lambda label: falls[label])
    rates = contest.results.scope.rates
    way = f"From {noise_words(contest.noise)} at rate {rates[0]} to {rates[-1]}"
    if len(falls) == 1:
        return f"{way}, {most} loses {decimal(falls[most], 3)} of its MAP by match probability."
    return (
        f"{way}, methods lose {decimal(falls[least], 3)} ({least}) to {decimal(falls[most], 3)} ({most}) of their MAP "
        f"by match probability, in the median {decimal(median(falls.values()), 3)}."
    )


def _best(records: Records, contest: Contest, claims: pd.DataFrame) -> str:
    best, results = contest.contenders[0], contest.results
    here = claims[(claims["dataset"] == results.dataset.name) & (claims["noise"] == contest.noise)]
    row = next(iter(here.to_dict("records")), None)
    first = f"{best.entry.label} has the highest mean over the rates, {decimal(fmean(best.means), 3)}"
    if row is None:
        return f"{first}; whether that is more than chance has not been tested with splits of their own."
    rival = entry_label(results, row["method"], row["variant"])
    claimed = entry_label(results, row["claimed"], "default")
    verdict = "above" if row["low"] > 0 else "not shown to be above"
    compared = (
        f"{first}. Over {row['seeds']} seeds with splits of their own, {claimed} is {verdict} the best rival there, "
        f"{rival}: {_difference(row)}, p = {row['p']:.2g} after Holm."
    )
    every = records.claims(results.dataset.name)
    every = every[(every["noise"] == contest.noise) & (every["readout"] == MATCH) & (every["best"] == 0)]
    nearer = every[every["difference"] < row["difference"]].sort_values("difference")
    return " ".join([compared, *(_kin(results, claimed, other) for other in nearer.to_dict("records"))])


def _kin(results: Results, claimed: str, row: Mapping[Hashable, Any]) -> str:
    """What came nearer to the claimed method than its best rival did; only what learns from its label model can."""
    label = entry_label(results, row["method"], row["variant"])
    place = "above it" if row["high"] < 0 else "below it" if row["low"] > 0 else "not told from it"
    return f"{label}, which learns from the label model of {claimed}, is {place}: {_difference(row)}."


def _difference(row: Mapping[Hashable, Any]) -> str:
    return f"{decimal(row['difference'], 3)} [{decimal(row['low'], 3)}, {decimal(row['high'], 3)}]"
