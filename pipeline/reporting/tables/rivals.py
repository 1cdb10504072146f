"""How far other rivals are above the robust methods of the papers, over seeds that drew splits of their own."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.core.readouts import MATCH
from pipeline.evaluation.hierarchical import t_limits
from pipeline.records.reader import Records
from pipeline.reporting.results.report_scope import noise_words
from pipeline.reporting.results.results import Results
from pipeline.reporting.tables.claims import entry_label
from pipeline.reporting.tables.table import Cell, Column, Number, Row, Table

ROBUST = ("mrl", "elrcmr", "rono")
"""The robust methods of the papers that this project reproduces."""
TAIL = 0.025
"""Probability of missing each end of an interval."""


def rival_tables(records: Records, results: Results) -> list[Table]:
    """A table per noise, a row per rival that is none of ROBUST; none without rivals of both sorts."""
    endpoints = records.endpoints(results.dataset.name)
    claimed = set(records.claims(results.dataset.name)["claimed"])
    here = endpoints[(endpoints["readout"] == MATCH) & ~endpoints["method"].isin(claimed)]
    tables = [_table(results, noise, here[here["noise"] == noise]) for noise in here["noise"].unique()]
    return [table for table in tables if table.rows and table.columns]


def _table(results: Results, noise: str, endpoints: pd.DataFrame) -> Table:
    by_seed = endpoints.pivot(index="seed", columns=["method", "variant"], values="map")
    robust = [entry for entry in by_seed.columns if entry[0] in ROBUST]
    others = by_seed.drop(columns=robust).mean().sort_values(ascending=False).index
    return Table(
        name=f"{results.dataset.name}_{noise}_rivals",
        title=f"{results.dataset.display}, other rivals against MRL, ELRCMR and RONO",
        caption=f"Difference of the endpoints under {noise_words(noise)} (MAP by {MATCH}, mean of rates and "
        f"directions), row minus column, with its 95 % interval by Student's t over {len(by_seed)} seeds, not adjusted "
        "for the number of comparisons: where it is above 0, the row is above the column.",
        stub="method",
        levels=("minus",),
        columns=[Column((entry_label(results, *entry),), ranked=False) for entry in robust],
        rows=[
            Row(
                entry_label(results, *entry),
                [_difference(by_seed[entry] - by_seed[other]) for other in robust],
                method=entry[0],
            )
            for entry in others
        ],
    )


def _difference(by_seed: pd.Series[float]) -> Cell:
    low, high = t_limits(by_seed.to_numpy(), TAIL)
    return Number(float(np.mean(by_seed)), interval=(float(low), float(high)))
