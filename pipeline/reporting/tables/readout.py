"""MAP by both readouts in one table: a readout is no part of a method, so all are read both ways."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from pipeline.core.readouts import COSINE, MATCH
from pipeline.records.reader import Records
from pipeline.reporting.results.cell_values import Outcome, cell, combine
from pipeline.reporting.results.report_scope import Entry, noise_words
from pipeline.reporting.results.results import Results, means
from pipeline.reporting.tables.comparison import spread, states, told, yardsticks
from pipeline.reporting.tables.table import Absent, Cell, Column, Row, Table

_NO_SCORES = Absent("none", "no class probabilities, or no clean validation labels to choose their temperature")
_MEAN, _GAIN = "mean", "gain"


def by_readout(records: Records, results: Results, noise: str) -> Table:
    """MAP by cosine and by match probability, mean of the directions, by noise rate; then what the latter gains."""
    scope = results.scope
    rows = []
    for entry in scope.entries:
        cells, note = _cells(records, results, entry, noise), _temperatures(records, results, entry, noise)
        rows.append(Row(entry.label, cells, note, entry.method.name))
    heads = [(readout, head) for readout in (COSINE, MATCH) for head in (*map(str, scope.rates), _MEAN)]
    columns = [Column(head, told(results, rows, number)) for number, head in enumerate(heads)]
    return Table(
        name=f"{results.dataset.name}_{noise}_readout",
        title=f"{results.dataset.display}, both readouts",
        caption=f"MAP under {noise_words(noise)} by noise rate, mean of the directions, "
        f"{states(results, scope.entries, noise)}. {yardsticks(results, noise)}The same trained state is read in "
        "two ways: by the cosine of the embeddings, and by the probability that query and candidate are of one class, "
        "which its class probabilities give; clean validation labels chose their temperature, in the same way for all. "
        f"{spread(results, noise)} Best of a column bold, second underlined.",
        stub="method",
        levels=("readout", "noise rate"),
        columns=[*columns, Column((_GAIN, _MEAN), ranked=False)],
        rows=rows,
    )


def match_outcome(records: Records, results: Results, entry: Entry, noise: str, rate: float) -> Outcome:
    """MAP by match probability at one rate, mean of the directions, seed by seed."""
    recorded = _recorded(records, results, entry, noise)
    rows = results.rows_at(entry, noise, rate)
    if recorded.empty:
        return _NO_SCORES if results.kept(entry, noise) else results.by_seed(rows, {})
    return results.by_seed(rows, means(recorded[recorded["rate"] == rate], "map"))


def factorial(records: Records, results: Results, noise: str) -> Table | None:
    """The same for where targets come from x what learns them: `report.factorial`; None without numbers."""
    variants = results.scope.factorial
    scope = results.scope.with_variants(results.scope.networks).with_variants(variants)
    methods = [method for method in scope.methods if method.name in variants]
    reduced = Results(records, replace(scope, methods=methods))
    further = [entry for entry in reduced.scope.entries if entry.variant in variants[entry.method.name]]
    if not any(reduced.kept(entry, noise) for entry in further):
        return None
    table = by_readout(records, reduced, noise)
    return replace(
        table,
        name=f"{results.dataset.name}_{noise}_factorial",
        title=f"{results.dataset.display}, where the targets come from and what learns them",
        caption="own: every view's own label; mean: all views' labels with the same weight; em: what EM over labels "
        "and features believes; truth: the true labels, a ceiling; clean: pairs that have a right label, with that "
        "label, for an oracle who knows which labels are right; validation: the clean validation pairs and no noisy "
        "label at all, a fifth of which chooses. By default MRL and logistic regression learn from each view's own "
        f"label, Witness from EM's answer. {table.caption}",
    )


def _recorded(records: Records, results: Results, entry: Entry, noise: str) -> pd.DataFrame:
    rows = records.readout(results.dataset.name, entry.method.name)
    return rows[(rows["variant"] == entry.variant) & (rows["noise"] == noise) & rows["rate"].isin(results.scope.rates)]


def _cells(records: Records, results: Results, entry: Entry, noise: str) -> list[Cell]:
    rates = results.scope.rates
    cosine = [results.mean(entry, noise, [rate], results.first(entry, noise)) for rate in rates]
    match = [match_outcome(records, results, entry, noise, rate) for rate in rates]
    whole = [combine(outcomes, [1 / len(rates)] * len(rates)) for outcomes in (cosine, match)]
    gain = whole[1] if isinstance(whole[1], Absent) else combine(whole, [-1, 1])
    return [cell(outcome) for outcome in (*cosine, whole[0], *match, whole[1], gain)]


def _temperatures(records: Records, results: Results, entry: Entry, noise: str) -> str | None:
    recorded = _recorded(records, results, entry, noise)
    if recorded.empty:
        return None
    low, high = recorded["temperature"].min(), recorded["temperature"].max()
    return f"temperature {low:g}" if low == high else f"temperatures {low:g} to {high:g}"
