"""What a claim rests on: how far a method is above each rival over seeds that drew splits of their own."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from pipeline.core.readouts import COSINE, MATCH, READOUTS
from pipeline.evaluation.significance import holm
from pipeline.records.reader import Records
from pipeline.reporting.results.report_scope import noise_words
from pipeline.reporting.results.results import Results
from pipeline.reporting.tables.table import Absent, Cell, Column, Number, Row, Table

_OWN = Absent("itself", "the method that the claim is about")
CLAIMS_INTRODUCTION = (
    "Every seed drew its own split, features, noise and initial weights. The endpoint of a seed is the mean over "
    "queries, directions and noise rates; a rival is read in the same way as the claimed method. Seeds are the unit: "
    "the interval is Student's t over them, and a hierarchical bootstrap-t over seeds and queries stands beside it."
)


def claim_tables(records: Records, results: Results) -> list[Table]:
    """A table per noise and readout, a row per rival; none where nothing was claimed."""
    claims = records.claims(results.dataset.name)
    endpoints = records.endpoints(results.dataset.name)
    return [
        _table(results, noise, readout, claims, endpoints)
        for noise in claims["noise"].unique()
        for readout in READOUTS
        if ((claims["noise"] == noise) & (claims["readout"] == readout)).any()
    ]


def primary(records: Records, datasets: Sequence[str], readout: str) -> pd.DataFrame:
    """The comparisons with the best rival by this readout, a row per dataset and noise, p adjusted over all by Holm."""
    claims = pd.concat([records.claims(name).assign(dataset=name) for name in datasets], ignore_index=True)
    best = claims[(claims["best"] == 1) & (claims["readout"] == readout)].copy()
    best["p"] = holm(best["p"].to_numpy()) if len(best) else best["p"]
    return best


def endpoints_table(records: Records, every: Sequence[Results]) -> Table | None:
    """All comparisons with a best rival, datasets side by side, what is claimed by first; None without any."""
    datasets = {results.dataset.name: results for results in every}
    rows = []
    for readout in (MATCH, COSINE):
        for row in primary(records, list(datasets), readout).to_dict("records"):
            results = datasets[row["dataset"]]
            claimed, rival = (
                entry_label(results, row["claimed"], "default"),
                entry_label(results, row["method"], row["variant"]),
            )
            label = f"{results.dataset.display}, {noise_words(row['noise'])}, {readout}: {claimed} over {rival}"
            difference = Number(row["difference"], interval=(row["low"], row["high"]))
            rows.append(Row(label, [difference, Number(row["p"])], method=row["claimed"]))
    if not rows:
        return None
    return Table(
        name="claims",
        title="What is claimed",
        caption="Difference of the endpoint to that of the best rival, with the 95 % interval of the difference to the "
        "truly best one, whichever of them that is: its upper limit is after Bonferroni over the rivals. p after Holm "
        "over the endpoints of the same readout. Match probability is the primary readout, cosine stands beside it.",
        stub="endpoint",
        levels=("measure",),
        columns=[Column(("difference",), ranked=False), Column(("p after Holm",), ranked=False, decimals=4)],
        rows=rows,
        grouped=True,
    )


def _table(results: Results, noise: str, readout: str, claims: pd.DataFrame, endpoints: pd.DataFrame) -> Table:
    here = claims[(claims["noise"] == noise) & (claims["readout"] == readout)]
    maps = endpoints[(endpoints["noise"] == noise) & (endpoints["readout"] == readout)]
    claimed = (here["claimed"].iloc[0], "default")
    rows = [Row(entry_label(results, *claimed), [_endpoint(maps, *claimed), *[_OWN] * 3], method=claimed[0])]
    for row in here[here["best"] == 0].sort_values("difference").to_dict("records"):
        difference = Number(row["difference"], interval=(row["low"], row["high"]))
        nested = Number(row["difference"], interval=(row["nested_low"], row["nested_high"]))
        cells: list[Cell] = [_endpoint(maps, row["method"], row["variant"]), difference, nested, Number(row["p"])]
        rows.append(Row(entry_label(results, row["method"], row["variant"]), cells, method=row["method"]))
    return Table(
        name=f"{results.dataset.name}_{noise}_claim_{readout.split(maxsplit=1)[0]}",
        title=f"{results.dataset.display}, {entry_label(results, *claimed)} and its rivals by {readout}",
        caption=f"Endpoint under {noise_words(noise)}: MAP by {readout}, mean of rates and directions, mean ± standard "
        f"deviation over {here['seeds'].iloc[0]} seeds; difference of {entry_label(results, *claimed)} to each rival, "
        f"its 95 % interval; p one-sided and doubled, not adjusted.{_verdict(results, here)}",
        stub="method",
        levels=("measure",),
        columns=[
            Column(("MAP",)),
            *(Column((head,), ranked=False) for head in ("difference, t over seeds", "difference, bootstrap-t")),
            Column(("p",), ranked=False, decimals=4),
        ],
        rows=rows,
    )


def _verdict(results: Results, here: pd.DataFrame) -> str:
    """What is left of the claim, a sentence after others; empty where all rivals learn from the claimed label model."""
    best = next(iter(here[here["best"] == 1].to_dict("records")), None)
    if best is None:
        return ""
    rival, above = entry_label(results, best["method"], best["variant"]), best["low"] > 0
    return (
        f" Of the rivals that do not learn from its label model, the best is {rival}: "
        f"{'above' if above else 'not shown to be above'} all of them, p = {best['p']:.2g}."
    )


def _endpoint(maps: pd.DataFrame, method: str, variant: str) -> Number:
    values = maps.loc[(maps["method"] == method) & (maps["variant"] == variant), "map"]
    return Number(float(values.mean()), float(values.std()), len(values))


def entry_label(results: Results, method: str, variant: str) -> str:
    """A method's display name, with the variant where it is not the default one."""
    display = next((info.display for info in results.scope.methods if info.name == method), method)
    return display if variant == "default" else f"{display} ({variant})"
