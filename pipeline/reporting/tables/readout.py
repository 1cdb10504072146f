"""What a method gains or loses when it ranks by the probability of a common class instead of by its embeddings."""

from __future__ import annotations

from itertools import product

import pandas as pd

from pipeline.records.reader import Records
from pipeline.reporting.results.cell_values import cell, combine
from pipeline.reporting.results.report_scope import Entry, noise_words
from pipeline.reporting.results.results import Results, means
from pipeline.reporting.tables.comparison import spread, states
from pipeline.reporting.tables.table import Cell, Column, Row, Table

_EMBEDDING, _MATCH, _DIFFERENCE = "by embedding", "by match probability", "difference"


def readout(records: Records, results: Results, noise: str) -> Table | None:
    """MAP by embedding, by match probability and the difference, by noise rate; None where no method has both."""
    name, scope = results.dataset.name, results.scope
    entries: list[Entry] = []
    rows: list[Row] = []
    for entry in scope.entries:
        recorded = records.readout(name, entry.method.name)
        recorded = recorded[
            (recorded["variant"] == entry.variant) & (recorded["noise"] == noise) & recorded["rate"].isin(scope.rates)
        ]
        if recorded.empty:
            continue
        entries.append(entry)
        low, high = recorded["temperature"].min(), recorded["temperature"].max()
        chosen = f"temperature {low:g}" if low == high else f"temperatures {low:g} to {high:g}"
        rows.append(Row(entry.label, _cells(recorded, results, entry, noise), chosen, entry.method.name))
    if not rows:
        return None
    heads = product((_EMBEDDING, _MATCH, _DIFFERENCE), scope.rates)
    return Table(
        name=f"{name}_{noise}_readout",
        title=f"{results.dataset.display}, posterior readout",
        caption=f"MAP under {noise_words(noise)} by noise rate, mean of the directions, "
        f"{states(results, entries, noise)}. The same trained networks are read in two ways: by cosine similarity of "
        "the embeddings, as everywhere else, and by the probability that query and candidate are of one class, which "
        "their class probabilities give. The temperature of these was chosen on clean validation labels, so the second "
        "way uses the oracle once more; the difference is taken seed by seed. Methods without class probabilities are "
        f"left out. {spread(results, noise)} Best of a column bold, second underlined.",
        stub="method",
        levels=("ranking", "noise rate"),
        columns=[Column((head, str(rate)), ranked=head != _DIFFERENCE) for head, rate in heads],
        rows=rows,
    )


def _cells(recorded: pd.DataFrame, results: Results, entry: Entry, noise: str) -> list[Cell]:
    rates = results.scope.rates
    embedding = [results.mean(entry, noise, [rate], results.first(entry, noise)) for rate in rates]
    match = [
        results.by_seed(results.rows_at(entry, noise, rate), means(recorded[recorded["rate"] == rate], "map"))
        for rate in rates
    ]
    gains = [combine([after, before], [1, -1]) for before, after in zip(embedding, match, strict=True)]
    return [cell(outcome) for outcome in (*embedding, *match, *gains)]
