"""The papers' layout: methods down, dataset -> direction -> noise rate across."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from pipeline.core.criteria import BEST_VALIDATION, CRITERIA, FIXED_CHECKPOINT, LAST_EPOCH, NOISY_VALIDATION
from pipeline.reporting.results.cell_values import Outcome, Values, cell, combine
from pipeline.reporting.results.report_scope import Entry, noise_words
from pipeline.reporting.results.results import CRITERION_NAMES, Results
from pipeline.reporting.tables.table import Absent, Cell, Column, Number, Row, Table

_WHEN = {
    BEST_VALIDATION: "Best validation = the epoch is chosen with clean validation labels = an oracle, "
    "as in the papers.",
    NOISY_VALIDATION: "Noisy validation = the epoch is chosen with validation labels as noisy as those of training, "
    "which is what people have who have no clean labels.",
    FIXED_CHECKPOINT: "Fixed checkpoint = the weights after a share of the run that was fixed beforehand, as in "
    "RONO's code; methods without one are left out.",
    LAST_EPOCH: "Last epoch = no clean label helps to stop, so memorised noise shows.",
}
_AS_GIVEN = (
    "The true labels are not known: the labels of validation and test are the given ones, and MAP measures agreement "
    "with them."
)
_LATER = {
    BEST_VALIDATION: (
        "hidden by early stopping",
        "what early stopping hides: best validation (clean labels, an oracle) minus last epoch",
    ),
    FIXED_CHECKPOINT: (
        "lost after the checkpoint",
        "what is lost after the checkpoint: fixed checkpoint minus last epoch",
    ),
}
_CONSTANT = Absent("constant", "label-free: the result is the same at every rate, so there is nothing to compare")


def comparison(results: Results, noise: str, criterion: str) -> Table:
    """MAP of every method at every rate in every direction, then the mean over all of them."""
    table = _comparison(results, noise, criterion, {direction: [direction] for direction in results.directions})
    if not results.many_directions:
        return table
    return replace(table, title=f"{table.title}, every direction", folded=True)


def by_query_view(results: Results, noise: str, criterion: str) -> Table:
    """The same for more than two views: the mean over the views that are searched, a column per view of the queries."""
    across: dict[str, list[str]] = {}
    for direction in results.directions:
        across.setdefault(f"{direction.split('->')[0]}->others", []).append(direction)
    table = _comparison(results, noise, criterion, across)
    return replace(
        table,
        name=f"{table.name}_by_query",
        caption=f"{table.caption} Each direction is the mean over all views that its queries are searched in.",
    )


def _comparison(results: Results, noise: str, criterion: str, across: Mapping[str, Sequence[str]]) -> Table:
    """across: head of a group of columns -> the directions that it is the mean of."""
    scope, display = results.scope, results.dataset.display
    entries = results.entries(criterion)
    ranked = len(entries) > 1
    rows = []
    for entry in entries:
        cells = [
            cell(results.mean(entry, noise, [rate], criterion, directions=directions))
            for directions in across.values()
            for rate in scope.rates
        ]
        cells.append(cell(results.mean(entry, noise, scope.rates, criterion)))
        rows.append(Row(entry.label, cells, _label_free(entry), entry.method.name))
    heads = [*((head, str(rate)) for head in across for rate in scope.rates), ("all", "mean")]
    columns = [Column((display, *head), ranked and told(results, rows, n)) for n, head in enumerate(heads)]
    when = _WHEN[criterion] if results.clean else _AS_GIVEN
    caption = (
        f"MAP over the whole ranking under {noise_words(noise)}, by direction and noise rate. "
        f"{when} {yardsticks(results, noise)}{spread(results, noise)}"
    )
    return Table(
        name=f"{results.dataset.name}_{noise}_{criterion}",
        title=f"{display}, {CRITERION_NAMES[criterion]}",
        caption=f"{caption} Best of a column bold, second underlined." if ranked else caption,
        stub="method",
        levels=("dataset", "direction", "noise rate"),
        columns=columns,
        rows=rows,
    )


def told(results: Results, rows: Sequence[Row], column: int) -> bool:
    """Whether a MAP of a column differs from chance, without which none of them is the best."""
    numbers = [cell.mean for row in rows if isinstance(cell := row.cells[column], Number)]
    return any(map(results.differs, numbers)) or not numbers


def robustness(results: Results, noise: str) -> Table:
    """What each method loses from the lowest to the highest rate and keeps on average between them.

    Under the headline and at the last epoch.
    """
    low, high = min(results.scope.rates), max(results.scope.rates)
    ranked = len(results.scope.entries) > 1
    columns = [
        Column((CRITERION_NAMES[criterion], head), ranked and head != "fall")
        for criterion in results.criteria
        for head in (str(low), str(high), "fall", "area")
    ]
    rows = []
    for entry in results.scope.entries:
        cells: list[Cell] = []
        for criterion in results.criteria:
            before = results.mean(entry, noise, [low], criterion)
            after = results.mean(entry, noise, [high], criterion)
            cells += [cell(before), cell(after), _fallen(entry, before, after)]
            cells.append(cell(_area(results, entry, noise, criterion)))
        if results.headline in _LATER:
            ends = [results.mean(entry, noise, [high], criterion) for criterion in results.criteria]
            cells.append(cell(combine(ends, [1, -1])))
        rows.append(Row(entry.label, cells, _label_free(entry), entry.method.name))
    measures = [
        f"MAP at the lowest and at the highest rate of {noise_words(noise)}, mean of the directions",
        "what is lost between them (fall)",
        "the mean over the whole interval of rates by the trapezoidal rule (area)",
    ]
    if results.headline in _LATER:
        head, meaning = _LATER[results.headline]
        columns.append(Column((head, f"at {high}"), ranked=False))
        measures.append(meaning)
    return Table(
        name=f"{results.dataset.name}_{noise}_robustness",
        title=f"{results.dataset.display}, robustness from rate {low} to {high}",
        caption=f"{'; '.join(measures[:-1])}; and {measures[-1]}. "
        f"Differences and areas are taken seed by seed. {beside_chance(results)}{spread(results, noise)}",
        stub="method",
        levels=("criterion", "noise rate"),
        columns=columns,
        rows=rows,
        notes=("Falls are not ranked: a method that learned little has little to lose.",) if ranked else (),
    )


def yardsticks(results: Results, noise: str) -> str:
    """How many training labels are really wrong at each rate and what chance reaches, as far as records tell.

    Sentences before others.
    """
    shares: dict[float, list[float]] = {}
    for receipt in results.receipts:
        if receipt["kind"] == noise and receipt["rate"] in results.scope.rates:
            shares.setdefault(receipt["rate"], []).extend(receipt["realised"].values())
    wrong = ", ".join(f"{100 * np.mean(values):.0f} % at {rate}" for rate, values in sorted(shares.items()) if rate)
    return (f"Really wrong labels: {wrong}. " if wrong and results.clean else "") + beside_chance(results)


def beside_chance(results: Results) -> str:
    """What random rankings reach, a sentence before others; empty where it was not recorded."""
    return f"{results.chance}. " if results.chance else ""


def spread(results: Results, noise: str) -> str:
    """What stands behind a mean and its standard deviation, in words for a caption."""
    n = len(results.scope.seeds)
    if n == 1:
        return "One seed (n = 1)."
    over = f"Mean ± sample standard deviation over n = {n} seeds"
    if results.drawn_once(noise):
        return (
            f"{over}. The labels are one {noise} draw per rate, so the standard deviation is over initialisation only."
        )
    return f"{over}."


def states(results: Results, entries: Sequence[Entry], noise: str) -> str:
    """Which state of the entries a record describes that keeps one alone, in words for a caption."""
    by_criterion: dict[str, list[str]] = {}
    for entry in entries:
        by_criterion.setdefault(results.first(entry, noise), []).append(entry.label)
    names = {
        criterion: f"{CRITERION_NAMES[criterion]}{', an oracle' if criterion == BEST_VALIDATION else ''}"
        for criterion in CRITERIA
        if criterion in by_criterion
    }
    if len(names) == 1:
        return next(iter(names.values()))
    each = "; ".join(f"{name}: {', '.join(by_criterion[criterion])}" for criterion, name in names.items())
    return f"the first criterion that each keeps ({each})"


def _fallen(entry: Entry, before: Outcome, after: Outcome) -> Cell:
    lost = combine([before, after], [1, -1])
    return _CONSTANT if entry.method.label_free and isinstance(lost, Values) else cell(lost)


def _area(results: Results, entry: Entry, noise: str, criterion: str) -> Outcome:
    """The mean over the interval of rates by the trapezoidal rule.

    Each rate weighs half the gap between its neighbours, or, at an end, half the gap to its only one.
    """
    rates = results.scope.rates
    gaps = np.diff(rates)
    weights = (np.append(gaps, 0) + np.insert(gaps, 0, 0)) / (2 * gaps.sum()) if len(rates) > 1 else np.ones(1)
    return combine([results.mean(entry, noise, [rate], criterion) for rate in rates], weights.tolist())


def _label_free(entry: Entry) -> str | None:
    return "label-free: trained once and shown at every rate" if entry.method.label_free else None
