"""Published tables as they were printed, and the protocol that each of their datasets asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import pandas as pd
import yaml

from pipeline.reporting.tables.table import Absent, Cell, Column, Number, Row, Table

PrintedCell = tuple[str, str, str, float]
"""Dataset, method, printed direction and noise rate."""
MAP, ELEVEN_POINT = "map", "eleven_point"
MEASURES = {MAP: "MAP", ELEVEN_POINT: "Mean of the precision at eleven recall levels"}
"""Average precision over the complete ranking, as in our tables, or precision interpolated at recall 0, .1, ..., 1."""


@dataclass(frozen=True)
class Protocol:
    """What one of our runs must match to be compared with the published numbers of a dataset.

    dataset: the file of pipeline/data that reads it; views: view -> the extractors that give the published features,
    the published name first; variant: of the methods that are compared; selection: the criterion by which they are;
    dimensions: view -> width of its features, where the extractors do not tell them apart; measure: what the paper
    calls MAP, a key of MEASURES; remark: what a reader of the differences must know.
    """

    dataset: str
    sizes: Mapping[str, int]
    views: Mapping[str, Sequence[str]]
    noise: Mapping[str, Any]
    selection: str
    variant: str
    directions: Mapping[str, str]
    needs: str
    dimensions: Mapping[str, int] = field(default_factory=dict)
    measure: str = MAP
    remark: str = ""


@dataclass(frozen=True)
class Publication:
    """One published table. values: (dataset, method, printed direction, rate) -> MAP, in printed order.

    title: as a heading of its own; place: where its paper or code prints it.
    """

    name: str
    title: str
    place: str
    paper: str
    venue: str
    url: str
    shows: str
    decimals: int
    odd: Sequence[Mapping[str, Any]]
    values: Mapping[PrintedCell, float]

    def remark(self, dataset: str, method: str, direction: str, rate: float) -> str | None:
        for odd in self.odd:
            cells = (odd["dataset"], odd["method"], odd["direction"])
            if cells == (dataset, method, direction) and rate in odd["rates"]:
                return str(odd["note"])
        return None


def read() -> tuple[list[Publication], dict[str, Protocol]]:
    """All published tables, and dataset by display name -> its protocol."""
    folder = files("pipeline.reporting.published")
    described = yaml.safe_load((folder / "sources.yaml").read_text(encoding="utf-8"))
    publications = []
    for name, source in described["tables"].items():
        with (folder / f"{name}.csv").open(encoding="utf-8") as file:
            frame = pd.read_csv(file)
        keys = zip(frame["dataset"], frame["method"], frame["direction"], frame["noise"].astype(float), strict=True)
        publications.append(Publication(name, **source, values=dict(zip(keys, frame["map"], strict=True))))
    return publications, {name: Protocol(**settings) for name, settings in described["protocols"].items()}


def sources(publications: Sequence[Publication]) -> dict[PrintedCell, Publication]:
    """Every printed cell and the publication that it is taken from: the first, where several print it."""
    first: dict[PrintedCell, Publication] = {}
    for publication in publications:
        for printed in publication.values:
            first.setdefault(printed, publication)
    return first


def as_printed(publication: Publication, protocols: Mapping[str, Protocol]) -> Table:
    """The published table in its own layout: dataset -> direction -> rate across, methods down."""
    keys = list(publication.values)
    across = list(dict.fromkeys((dataset, direction, rate) for dataset, _, direction, rate in keys))
    order = list(dict.fromkeys(dataset for dataset, _, _ in across))
    across.sort(key=lambda column: order.index(column[0]))
    rows = []
    for method in dict.fromkeys(method for _, method, _, _ in keys):
        cells = [printed_cell(publication, dataset, method, direction, rate) for dataset, direction, rate in across]
        rows.append(Row(method, cells))
    return Table(
        name=f"published_{publication.name}",
        title=f"{publication.title}, {publication.venue}: as published, not run here",
        caption=f"{publication.shows}. "
        f"One printed value per cell, no spread. Best of a column bold, second underlined.",
        stub="method",
        levels=("dataset", "direction", "noise rate"),
        columns=[Column((d, protocols[d].directions[direction], str(rate))) for d, direction, rate in across],
        rows=rows,
        decimals=publication.decimals,
    )


def printed_cell(publication: Publication, dataset: str, method: str, direction: str, rate: float) -> Cell:
    """One value as printed, with the remark that it bears."""
    value = publication.values.get((dataset, method, direction, rate))
    if value is None:
        return Absent("not printed", "the table has no such cell")
    return Number(float(value), note=publication.remark(dataset, method, direction, rate))
