"""Published numbers of protocols that none of our runs has, and which of all published ones would have to be beaten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

import pandas as pd
import yaml

from pipeline.core.errors import UnknownName
from pipeline.reporting.published.publications import Protocol, Publication
from pipeline.reporting.tables.table import Absent, Cell, Column, Number, Row, Table

PROTOCOL = {
    "source": "Source",
    "noisy": "What is noisy",
    "wrong": "Which wrong labels",
    "bits": "Bits",
    "selection": "Selection",
    "runs": "Runs",
}
"""What every note tells of its protocol, and how the page heads it."""
KINDS = {"sym": "{rate}", "asym": "asymmetric {rate}", "clean": "clean"}
"""A CSV's noise_kind -> the head of its column; without such a column all of it is symmetric."""
DIRECTIONS = ("I2T", "T2I")
RATES = (0.2, 0.4, 0.6, 0.8)
NotedCell = tuple[str, str, str, str]
"""Dataset, row, printed direction and head of the noise."""
_NO_CELL = Absent("not printed", "the source has no such cell")


@dataclass(frozen=True)
class Note:
    """One source of such numbers. protocol: a sentence for each of PROTOCOL; values: in printed order."""

    name: str
    title: str
    paper: str
    venue: str
    url: str
    shows: str
    decimals: int
    protocol: Mapping[str, str]
    values: Mapping[NotedCell, float]


@dataclass(frozen=True)
class Rival:
    """A published row that a method would have to beat on a dataset.

    source: the name of a publication or a note; row: how its table names the row; label: how ours does; remark: how
    its labels are drawn and what chose the number.
    """

    dataset: str
    label: str
    source: str
    row: str
    remark: str


def read_notes() -> tuple[list[Note], list[Rival]]:
    """All notes, and the published rows to beat."""
    folder = files("pipeline.reporting.published") / "notes"
    described = yaml.safe_load((folder / "sources.yaml").read_text(encoding="utf-8"))
    notes = []
    for name, source in described["notes"].items():
        with (folder / f"{name}.csv").open(encoding="utf-8") as file:
            frame = pd.read_csv(file, dtype=str)
        method, *further = source.pop("row")
        rows = [
            ", ".join([row[method], *(f"{column} {row[column]}" for column in further)])
            for row in frame.to_dict("records")
        ]
        kinds = frame["noise_kind"] if "noise_kind" in frame else ["sym"] * len(frame)
        heads = [KINDS[kind].format(rate=rate) for kind, rate in zip(kinds, frame["noise"], strict=True)]
        keys = zip(frame["dataset"], rows, frame["direction"], heads, strict=True)
        notes.append(Note(name, **source, values=dict(zip(keys, frame["map"].astype(float), strict=True))))
    return notes, [Rival(**rival) for rival in described["rivals"]]


def as_noted(note: Note, protocols: Mapping[str, Protocol]) -> list[Table]:
    """A folded table per dataset of a note: direction -> noise across, rows down."""
    return [_table(note, dataset, protocols) for dataset in dict.fromkeys(key[0] for key in note.values)]


def _table(note: Note, dataset: str, protocols: Mapping[str, Protocol]) -> Table:
    own = {key[1:]: value for key, value in note.values.items() if key[0] == dataset}
    noises = dict.fromkeys(noise for _, _, noise in own)
    across = [(direction, noise) for direction in DIRECTIONS for noise in noises]
    rows = []
    for label in dict.fromkeys(row for row, _, _ in own):
        rows.append(Row(label, [_cell(own.get((label, *column))) for column in across]))
    return Table(
        name=f"noted_{note.name}_{dataset.lower().replace('-', '_')}",
        title=f"{note.title}, {note.venue}: {dataset}, another protocol, not run here",
        caption=f"{note.shows}. One value per cell, no spread. Best of a column bold, second underlined. "
        + " ".join(f"{head}: {note.protocol[key]}." for key, head in PROTOCOL.items()),
        stub="method",
        levels=("dataset", "direction", "noise rate"),
        columns=[Column((dataset, arrow(direction, protocols), noise)) for direction, noise in across],
        rows=rows,
        decimals=note.decimals,
        folded=True,
    )


def arrow(direction: str, protocols: Mapping[str, Protocol]) -> str:
    """A printed direction as our tables write it."""
    return next(p.directions[direction] for p in protocols.values() if direction in p.directions)


def to_beat(
    rivals: Sequence[Rival],
    publications: Sequence[Publication],
    notes: Sequence[Note],
    protocols: Mapping[str, Protocol],
) -> Table:
    """What would have to be beaten, by dataset and rate, as printed."""
    printed = {publication.name: publication.values for publication in publications}
    noted = {note.name: note.values for note in notes}
    across = [(rate, direction) for rate in RATES for direction in DIRECTIONS]
    rows = []
    for rival in rivals:
        key = (rival.dataset, rival.row)
        if rival.source in printed:
            values = [printed[rival.source].get((*key, direction, rate)) for rate, direction in across]
        elif rival.source in noted:
            values = [noted[rival.source].get((*key, direction, str(rate))) for rate, direction in across]
        else:
            raise UnknownName(rival.source, [*printed, *noted], "published/notes/sources.yaml, rivals")
        rows.append(Row(f"{rival.dataset}, {rival.label}", [_cell(value) for value in values], note=rival.remark))
    return Table(
        name="published_to_beat",
        title="What would have to be beaten",
        caption="Published MAP by dataset and nominal noise rate, as printed. The rows differ in their protocols: "
        "where the true class may be drawn, a share of (K - 1) / K of the drawn labels is wrong for K classes, and "
        "labels drawn per view leave a pair a second chance. The realised rate decides what is comparable.",
        stub="dataset, method",
        levels=("noise rate", "direction"),
        columns=[Column((str(rate), arrow(direction, protocols)), ranked=False) for rate, direction in across],
        rows=rows,
        grouped=True,
    )


def _cell(value: float | None) -> Cell:
    return _NO_CELL if value is None else Number(value)
