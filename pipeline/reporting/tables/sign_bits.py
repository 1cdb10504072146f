"""MAP by Hamming distance between the signs of embeddings, by number of bits: the readout of the papers on hashing."""

from __future__ import annotations

import pandas as pd

from pipeline.core.readouts import BITS
from pipeline.records.reader import Records
from pipeline.reporting.published.hashing import hashed
from pipeline.reporting.results.cell_values import cell
from pipeline.reporting.results.report_scope import Entry, noise_words
from pipeline.reporting.results.results import NOT_MEASURED, Results, under
from pipeline.reporting.tables.comparison import spread, states, yardsticks
from pipeline.reporting.tables.table import Cell, Column, Number, Row, Table

BESIDE_PUBLISHED = (
    "The published rows of hashing on this dataset come about differently. The authors' code breaks ties by the order "
    "in which samples are stored; here AP is the expectation over random order. Each of their numbers is one run, of a "
    "network that is trained for this number of bits. Their noise is one label per pair that is never the true class, "
    "so the nominal rate is the share of wrong labels, and rates compare by that share. Features and split are those "
    "of the files that the authors read, which need not be the ones here."
)


def sign_bits(records: Records, results: Results, noise: str) -> Table | None:
    """A row per entry, a column per noise rate and number of bits; None where nothing of this noise is recorded."""
    scope = results.scope
    recorded = {entry: _recorded(records, results, entry) for entry in scope.entries}
    if not any(((rows["noise"] == noise) & rows["rate"].isin(scope.rates)).any() for rows in recorded.values()):
        return None
    ranked = len(scope.entries) > 1
    across = [(rate, bits) for rate in scope.rates for bits in BITS]
    return Table(
        name=f"{results.dataset.name}_{noise}_sign_bits",
        title=f"{results.dataset.display}, by sign bits",
        caption=f"MAP under {noise_words(noise)} by noise rate and number of bits, mean of the directions, "
        f"{states(results, scope.entries, noise)}. {yardsticks(results, noise)}The same trained state is read by the "
        "Hamming distance between codes, in expectation over random order of equal distances. An embedding exactly as "
        "wide as the code gives the signs of its own coordinates; any other one is first multiplied by orthonormal "
        "random columns, fixed and the same for all views: by one set of them where it is wider, by several sets side "
        f"by side where it is narrower than the code. {spread(results, noise)}"
        f"{' Best of a column bold, second underlined.' if ranked else ''}",
        stub="method",
        levels=("noise rate", "bits"),
        columns=[Column((str(rate), str(bits)), ranked) for rate, bits in across],
        rows=[
            Row(entry.label, [_cell(results, entry, rows, noise, *place) for place in across], method=entry.method.name)
            for entry, rows in recorded.items()
        ],
        notes=(BESIDE_PUBLISHED,) if results.dataset.display in hashed() else (),
    )


def _recorded(records: Records, results: Results, entry: Entry) -> pd.DataFrame:
    rows = records.sign_bits(results.dataset.name, entry.method.name)
    return rows[rows["variant"] == entry.variant]


def _cell(results: Results, entry: Entry, recorded: pd.DataFrame, noise: str, rate: float, bits: int) -> Cell:
    here = under(recorded[recorded["bits"] == bits], noise, rate)
    if here.empty:
        return cell(results.by_seed(results.rows_at(entry, noise, rate), {}, NOT_MEASURED))
    row = here.iloc[0]
    if pd.isna(row["seeds"]):
        return Number(float(row["map"]), deterministic=True)
    n, planned = int(row["seeds"]), len(results.scope.seeds)
    note = f"n = {n} of {planned} seeds" if n < planned else None
    return Number(float(row["map"]), None if pd.isna(row["std"]) else float(row["std"]), n, note=note)
