"""What a method gains from the network, optimiser and regularisation that all can have."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.core.readouts import COSINE, MATCH
from pipeline.records.reader import Records
from pipeline.reporting.results.cell_values import Outcome, cell, combine
from pipeline.reporting.results.report_scope import Entry, noise_words
from pipeline.reporting.results.results import Results
from pipeline.reporting.tables.comparison import beside_chance, spread
from pipeline.reporting.tables.readout import match_outcome
from pipeline.reporting.tables.table import Cell, Column, Row, Table

PAIRS = {"": ("default", "shared"), " (authors_code)": ("authors_code", "authors_code_shared")}
"""What is added to a method's name -> its variants with its own and with the shared network."""


def networks(records: Records, results: Results, noise: str) -> Table | None:
    """A row per method that was trained with both: MAP with each and the gain, by readout; None without any."""
    rows = []
    for method in results.scope.methods:
        known = {*method.variants, *results.scope.networks.get(method.name, ())}
        for suffix, variants in PAIRS.items():
            if set(variants) <= known:
                own, shared = (Entry(method, variant) for variant in variants)
                rows.append(
                    Row(method.display + suffix, _cells(records, results, own, shared, noise), method=method.name)
                )
    if not rows:
        return None
    return Table(
        name=f"{results.dataset.name}_{noise}_networks",
        title=f"{results.dataset.display}, own and shared network",
        caption=f"MAP under {noise_words(noise)}, mean of directions and rates, with a method's own network, optimiser "
        "and regularisation and with the shared ones, each tuned with the same budget; the gain is taken seed by seed. "
        f"{beside_chance(results)}{spread(results, noise)}",
        stub="method",
        levels=("readout", "network"),
        columns=[
            Column((readout, head), ranked=head != "gain")
            for readout in (COSINE, MATCH)
            for head in ("own", "shared", "gain")
        ],
        rows=rows,
    )


def _cells(records: Records, results: Results, own: Entry, shared: Entry, noise: str) -> list[Cell]:
    cells: list[Cell] = []
    for readout in (COSINE, MATCH):
        before, after = (_mean(records, results, entry, noise, readout) for entry in (own, shared))
        cells += [cell(before), cell(after), cell(combine([after, before], [1, -1]))]
    return cells


def _mean(records: Records, results: Results, entry: Entry, noise: str, readout: str) -> Outcome:
    rates: Sequence[float] = results.scope.rates
    if readout == COSINE:
        return results.mean(entry, noise, rates, results.first(entry, noise))
    return combine(
        [match_outcome(records, results, entry, noise, rate) for rate in rates], [1 / len(rates)] * len(rates)
    )
