"""Which labels are wrong, and how many? How well each method can tell, beside confident learning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

import pandas as pd

from pipeline.records.reader import Records
from pipeline.reporting.results.cell_values import Outcome, cell
from pipeline.reporting.results.report_scope import noise_words
from pipeline.reporting.results.results import Results, means, under
from pipeline.reporting.tables.comparison import spread, states
from pipeline.reporting.tables.table import Absent, Cell, Column, Row, Table

_BASELINE_LABEL = "confident learning (cleanlab)"
_BASELINE_NOTE = "a baseline: logistic regression on the features of one view, asked about samples not trained on"
_UNDEFINED = Absent("undefined", "all training labels are right, or all are wrong: there is nothing to tell apart")
_MEASURES = {"auc": "AUC", "precision": "precision at the true rate"}


def suspicion(records: Records, results: Results, noise: str) -> Table | None:
    """AUC and precision of the suspicion by noise rate, a row per entry that can tell; None where none can."""
    name, scope = results.dataset.name, results.scope
    recorded = {entry: records.suspicion(name, entry.method.name) for entry in scope.entries}
    judged = {
        entry: cells
        for entry, frame in recorded.items()
        if (cells := _cells(frame, entry.variant, results.rows(entry), results, noise))
    }
    if not judged:
        return None
    rows = [Row(entry.label, cells, method=entry.method.name) for entry, cells in judged.items()]
    if baseline := _cells(records.confident_learning(name), "default", results.no_rows, results, noise):
        rows.append(Row(_BASELINE_LABEL, baseline, _BASELINE_NOTE))
    return Table(
        name=f"{name}_{noise}_suspicion",
        title=f"{results.dataset.display}, wrong labels found",
        caption=f"How well a suspicion finds the wrong training labels under {noise_words(noise)}, by noise rate. AUC: "
        "the probability that a wrong label looks more suspicious than a right one (.5 = guessing). Precision at the "
        "true rate: the share of wrong labels among as many of the most suspicious as there are wrong ones, a number "
        f"that nobody knows in practice. Methods as they are under {states(results, list(judged), noise)}; those that "
        f"cannot tell are left out. Views are averaged. {spread(results, noise)} Best of a column bold, second "
        "underlined.",
        stub="method",
        levels=("measure", "noise rate"),
        columns=[Column((head, str(rate))) for head, rate in product(_MEASURES.values(), scope.rates)],
        rows=rows,
    )


def estimates(records: Records, results: Results, noise: str) -> Table | None:
    """The share of wrong labels, in truth and as estimated, by noise rate; None where no method estimates it."""
    name, scope = results.dataset.name, results.scope
    estimating = ("estimate",)
    recorded = {entry: records.suspicion(name, entry.method.name) for entry in scope.entries}
    rows = [
        Row(entry.label, cells, _certainty(frame, entry.variant, noise, scope.rates), entry.method.name)
        for entry, frame in recorded.items()
        if (cells := _cells(frame, entry.variant, results.rows(entry), results, noise, estimating))
    ]
    if not rows:
        return None
    baseline = records.confident_learning(name)
    if cells := _cells(baseline, "default", results.no_rows, results, noise, estimating):
        rows.append(Row(_BASELINE_LABEL, cells, _BASELINE_NOTE))
    tried = (
        _cells(frame, entry.variant, results.rows(entry), results, noise, ("wrong",))
        for entry, frame in recorded.items()
    )
    truth = next(cells for cells in tried if cells)
    return Table(
        name=f"{name}_{noise}_estimates",
        title=f"{results.dataset.display}, how many labels are wrong",
        caption=f"Share of wrong training labels under {noise_words(noise)}, by noise rate: in truth, and as a method "
        "estimates it from the labels and features that it is trained on. Views are averaged. "
        f"{spread(results, noise)}",
        stub="who tells",
        levels=("noise rate",),
        columns=[Column((str(rate),), ranked=False) for rate in scope.rates],
        rows=[Row("in truth", truth), *rows],
    )


def _certainty(recorded: pd.DataFrame, variant: str, noise: str, rates: Sequence[float]) -> str | None:
    """In how many cells the method was sure of its estimate; None where it does not say."""
    sure = _of(recorded, variant, noise, rates).groupby(["rate", "seed"])["certain"].first().dropna()
    return f"sure of it in {int(sure.sum())} of {len(sure)} cells" if len(sure) else None


def _of(recorded: pd.DataFrame, variant: str, noise: str, rates: Sequence[float]) -> pd.DataFrame:
    matching = (recorded["variant"] == variant) & (recorded["noise"] == noise) & recorded["rate"].isin(rates)
    return recorded[matching]


def _cells(
    recorded: pd.DataFrame,
    variant: str,
    rows: pd.DataFrame,
    results: Results,
    noise: str,
    measures: Iterable[str] = tuple(_MEASURES),
) -> list[Cell]:
    """A cell per measure and rate; none where the method never says. rows: the records of its cells."""
    judged = _of(recorded, variant, noise, results.scope.rates).dropna(subset=list(measures))
    if judged.empty:
        return []
    return [
        cell(_outcome(judged[judged["rate"] == rate], measure, under(rows, noise, rate), results, rate))
        for measure, rate in product(measures, results.scope.rates)
    ]


def _outcome(judged: pd.DataFrame, measure: str, rows: pd.DataFrame, results: Results, rate: float) -> Outcome:
    if judged.empty and rate == 0:
        return _UNDEFINED
    return results.by_seed(rows, means(judged, measure), _UNDEFINED)
