"""The papers' layout: methods down, dataset -> direction -> noise rate across."""

from __future__ import annotations

from pipeline.contract import BEST_VALIDATION, LAST_EPOCH
from pipeline.reporting.info import Entry
from pipeline.reporting.results import CRITERION_NAMES, Outcome, Results, cell, combine
from pipeline.reporting.table import Absent, Cell, Column, Number, Row, Table

_WHEN = {
    BEST_VALIDATION: "Best validation = the epoch is chosen with clean validation labels = an oracle, "
    "as in the papers.",
    LAST_EPOCH: "Last epoch = no clean label helps to stop, so memorised noise shows.",
}
_CONSTANT = Absent("constant", "label-free: the result is the same at every rate, so there is nothing to compare")


def comparison(results: Results, noise: str, criterion: str) -> Table:
    """MAP of every method at every rate in both directions, then the mean over all of them."""
    scope, display, directions = results.scope, results.dataset.display, results.directions
    columns = [Column((display, direction, str(rate))) for direction in directions for rate in scope.rates]
    rows = []
    for entry in scope.entries:
        cells = [
            cell(results.outcome(entry, noise, rate, criterion, direction))
            for direction in directions
            for rate in scope.rates
        ]
        cells.append(cell(results.mean(entry, noise, scope.rates, criterion)))
        rows.append(Row(entry.label, cells, _label_free(entry)))
    caption = (
        f"MAP over the whole ranking under {noise} label noise, by direction and noise rate. "
        f"{_WHEN[criterion]} {_spread(results)} Best of a column bold, second underlined."
    )
    return Table(
        name=f"{results.dataset.name}_{noise}_{criterion}",
        title=f"{display}, {CRITERION_NAMES[criterion]}",
        caption=caption,
        stub="method",
        levels=("dataset", "direction", "noise rate"),
        columns=[*columns, Column((display, "all", "mean"))],
        rows=rows,
    )


def fall(results: Results, noise: str) -> Table:
    """How much MAP each method loses from the lowest to the highest rate, under both criteria."""
    low, high = min(results.scope.rates), max(results.scope.rates)
    columns = [
        Column((name, head), ranked=head != "fall")
        for name in CRITERION_NAMES.values()
        for head in (str(low), str(high), "fall")
    ]
    rows = []
    for entry in results.scope.entries:
        cells: list[Cell] = []
        for criterion in CRITERION_NAMES:
            before = results.mean(entry, noise, [low], criterion)
            after = results.mean(entry, noise, [high], criterion)
            cells += [cell(before), cell(after), _fallen(entry, before, after)]
        best, last = (results.mean(entry, noise, [high], criterion) for criterion in CRITERION_NAMES)
        rows.append(Row(entry.label, [*cells, cell(combine([best, last], [1, -1]))], _label_free(entry)))
    caption = (
        f"MAP at the lowest and at the highest rate of {noise} noise, mean of the directions; what is lost between "
        f"them; and what early stopping hides: best validation (clean labels, an oracle) minus last epoch. "
        f"Differences are taken seed by seed. {_spread(results)}"
    )
    return Table(
        name=f"{results.dataset.name}_{noise}_fall",
        title=f"{results.dataset.display}, fall from rate {low} to {high}",
        caption=caption,
        stub="method",
        levels=("criterion", "noise rate"),
        columns=[*columns, Column(("hidden by early stopping", f"at {high}"), ranked=False)],
        rows=rows,
        notes=("Falls are not ranked: a method that learned little has little to lose.",),
    )


def receipts(results: Results) -> Table:
    """What the noise really did: the share of training labels that differ from the truth."""
    scope = results.scope
    realised = {(r["kind"], float(r["rate"]), r["seed"]): r["realised"] for r in results.receipts}
    views = list(results.receipts[0]["realised"])
    pairs = any(r["per_pair"] for r in results.receipts)
    rows = []
    for noise in scope.noises:
        for rate in scope.rates:
            drawn = [realised.get((noise, rate, seed), {}) for seed in scope.seeds]
            cells = [_realised(receipt, view) for view in views for receipt in drawn]
            rows.append(Row(f"{noise} {rate}", cells))
    return Table(
        name=f"{results.dataset.name}_noise",
        title=f"{results.dataset.display}, realised noise",
        caption="Share of training labels that really differ from "
        f"the truth, per view and seed; labels are drawn once {'per pair' if pairs else 'per view'}.",
        stub="noise and nominal rate",
        levels=("view", "seed"),
        columns=[Column((view, f"seed {seed}"), ranked=False) for view in views for seed in scope.seeds],
        rows=rows,
    )


def _realised(receipt: dict[str, float], view: str) -> Cell:
    return Number(receipt[view]) if view in receipt else Absent("not run", "no noise was drawn for this seed and rate")


def _fallen(entry: Entry, before: Outcome, after: Outcome) -> Cell:
    return _CONSTANT if entry.method.label_free else cell(combine([before, after], [1, -1]))


def _label_free(entry: Entry) -> str | None:
    return "label-free: trained once and shown at every rate" if entry.method.label_free else None


def _spread(results: Results) -> str:
    n = len(results.scope.seeds)
    return f"Mean ± sample standard deviation over n = {n} seeds." if n > 1 else "One seed (n = 1)."
