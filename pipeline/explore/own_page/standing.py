"""Where every method stands beside what is reached without knowledge, and why none may stand above it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.records.reader import Records
from pipeline.reporting.results.cell_values import Outcome, Values
from pipeline.reporting.results.results import Results
from pipeline.reporting.tables.readout import match_outcome
from pipeline.reporting.tables.table import decimal
from pipeline.retrieval.majority import above_majority


@dataclass(frozen=True)
class MethodStanding:
    """A method's MAP: by direction and their mean by cosine, the mean by match probability, None where there is none.

    above: whether either mean differs from chance; reason: why there is no number.
    """

    label: str
    by_direction: Sequence[float | None]
    cosine: float | None
    match: float | None
    above: bool
    reason: str = ""

    @property
    def best(self) -> float:
        return max(value for value in (self.cosine, self.match, 0.0) if value is not None)


@dataclass(frozen=True)
class Probe:
    """Test accuracy of a linear classifier on one view's features. above: whether it differs from `majority`."""

    view: str
    extractor: str
    accuracy: float
    majority: float
    above: bool


def standings(records: Records, results: Results, limit: float) -> list[MethodStanding]:
    """Every entry under the experiment's first noise and rate, the highest first."""
    noise, rate = results.scope.noises[0], results.scope.rates[0]
    made = []
    for entry in results.scope.entries:
        criterion = results.first(entry, noise)
        ways = [results.mean(entry, noise, [rate], criterion, directions=[way]) for way in results.directions]
        mean = results.mean(entry, noise, [rate], criterion)
        cosine, match = _number(mean), _number(match_outcome(records, results, entry, noise, rate))
        above = any(number is not None and number > limit for number in (cosine, match))
        reason = "" if isinstance(mean, Values) else mean.reason or mean.state
        made.append(MethodStanding(entry.label, [_number(way) for way in ways], cosine, match, above, reason))
    return sorted(made, key=lambda one: -one.best)


def probes(rows: Sequence[Mapping[str, Any]], majority: float, count: int) -> list[Probe]:
    """The recorded probes. count: test samples; one differs from a constant guess by a binomial test, one-sided."""
    read = [(row["view"], row["extractor"], float(row["accuracy"])) for row in rows]
    return [Probe(*row, majority, above_majority(row[2], majority, count)) for row in read]


def winners(ranked: Sequence[MethodStanding], constant: float) -> list[MethodStanding]:
    """Those above chance and above `constant`, the MAP of ranking the largest class first for every query.

    A method that has fallen back on that class ranks alike whatever the query is, and may pass chance by far.
    """
    return [one for one in ranked if one.above and one.best > constant]


def verdict(ranked: Sequence[MethodStanding], chance: float, limit: float, constant: float) -> str:
    """What the table shows; no winner where nothing differs from chance, or is better than a constant guess."""
    if not ranked or not ranked[0].best:
        return "No method was trained to its end."
    best, won = ranked[0], winners(ranked, constant)
    yardstick = f"Random rankings reach {decimal(chance, 3)}, and by luck up to {decimal(limit, 3)}"
    if not best.above:
        return (
            f"Nothing here differs from chance. {yardstick}; the highest of all methods is {decimal(best.best, 3)}, so "
            "no method is better than another."
        )
    below = [one.label for one in ranked if not one.above and one.best]
    rest = f" Not above chance: {', '.join(below)}." if below else ""
    alike = f"Ranking the largest class first for every query reaches {decimal(constant, 3)}"
    if not won:
        return (
            f"Nothing here is better than a constant guess. {alike}, the highest of all methods is "
            f"{decimal(best.best, 3)}. {yardstick}.{rest}"
        )
    weak = [one.label for one in ranked if one.above and one not in won]
    rest += f" {alike}, more than {', '.join(weak)}." if weak else ""
    return f"{best.label} has the highest MAP, {decimal(best.best, 3)}. {yardstick}.{rest}"


def reasons(tried: Sequence[Probe]) -> list[str]:
    """Why nothing may differ from chance: a sentence per view, read off its probe."""
    sentences = []
    for probe in tried:
        told = f"a linear classifier on the features of {probe.view} ({probe.extractor}) is right for "
        told += f"{probe.accuracy:.0%} of the test pairs, always guessing the largest class for {probe.majority:.0%}"
        if probe.above:
            sentences.append(f"The features of {probe.view} do tell the classes: {told}.")
        else:
            remedy = "try another extractor, or look whether labels and files belong together"
            sentences.append(f"The features of {probe.view} tell no class: {told}; {remedy}.")
    if tried and all(probe.above for probe in tried):
        sentences.append("Each view tells the classes by itself; look whether the files of a pair belong together.")
    return sentences


def _number(outcome: Outcome) -> float | None:
    if not isinstance(outcome, Values):
        return None
    values = list(outcome.by_seed.values())
    return sum(values) / len(values)
