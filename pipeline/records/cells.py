"""The cells: how each ended and, by selection criterion, every metric in every direction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.core.cells import DONE, STATUSES, CellKey
from pipeline.core.criteria import CRITERIA
from pipeline.core.files import write_text
from pipeline.metrics.base import HEADLINE
from pipeline.records.table_record import SEED, SETTING, Column, Kind, Line, TableRecord

FACTS = ("status", "reason", "code", "fingerprint")
_MATCH = "match "
_SCORES = "<criterion> <metric> <direction>, or match <direction>"
_KEY = [column.name for column in (*SETTING, SEED)]


def score_column(criterion: str, metric: str, direction: str) -> str:
    """Return the column of a metric in a direction, e.g. 'last_epoch map image->text'."""
    return f"{criterion} {metric} {direction}"


def match_column(direction: str) -> str:
    """Return the column of MAP by match probability in a direction."""
    return f"{_MATCH}{direction}"


def copy_headline(source: Path, target: Path) -> None:
    """Copy a file of the record without the metrics beside the headline one."""
    table = pd.read_csv(source, dtype=str, keep_default_na=False)
    further = [name for (_, metric, _), name in _places(tuple(table.columns)).items() if metric != HEADLINE]
    write_text(target, table.drop(columns=further).to_csv(index=False, lineterminator="\n"))


def _check(line: Line) -> str | None:
    if line["status"] not in STATUSES:
        return f"status '{line['status']}' is none of {', '.join(STATUSES)}"
    if line["status"] != DONE:
        return None if line["reason"] else f"a {line['status']} cell gives no reason"
    places = _places(tuple(line))
    strange = next(
        (name for name in line if "->" in name and not name.startswith(_MATCH) and name not in places.values()), None
    )
    if strange:
        return f"column '{strange}' is not '{_SCORES}'"
    unknown = [criterion for criterion, _, _ in places if criterion not in CRITERIA]
    if unknown:
        return f"'{unknown[0]}' is no criterion"
    maps = {place: name for place, name in places.items() if place[1] == HEADLINE}
    if not maps:
        return f"a cell is done, but there is no column '{score_column(CRITERIA[0], HEADLINE, '...')}'"
    kept = {criterion for (criterion, *_), name in maps.items() if line[name]}
    missing = [name for (criterion, *_), name in maps.items() if not line[name] and (criterion in kept or not kept)]
    return f"the cell is done, but it has no {missing[0]}" if missing else None


CELLS = TableRecord(
    "cells",
    (*SETTING, SEED, *(Column(name, Kind.TEXT) for name in FACTS), Column("temperature")),
    key=("method", "variant", "noise", "rate", "seed"),
    more=Column(_SCORES, share=True),
    check=_check,
)
"""A row per cell, one that is not done without numbers. match: MAP by match probability in the first state that the
cell keeps; temperature: of the class probabilities, as clean validation labels chose it."""


@dataclass(frozen=True)
class RecordedCell:
    """A cell as recorded. maps: 'criterion/direction' -> MAP, and 'criterion/mean', over the directions."""

    key: CellKey
    status: str
    reason: str
    code: str
    fingerprint: str
    maps: Mapping[str, float]


def by_direction(cells: pd.DataFrame) -> pd.DataFrame:
    """Turn the record's rows into one per cell, criterion and direction with a column per metric.

    NaN where a metric was not taken in this state. A cell that is not done keeps its row, with an empty criterion and
    direction.
    """
    facts = cells[[*_KEY, *FACTS]]
    done = cells["status"] == DONE
    places = _places(tuple(cells.columns))
    metrics = list(dict.fromkeys(metric for _, metric, _ in places)) or [HEADLINE]
    parts = [facts[~done].assign(criterion="", direction="", **dict.fromkeys(metrics, float("nan")))]
    for criterion, direction in dict.fromkeys((criterion, direction) for criterion, _, direction in places):
        named = {
            metric: places[criterion, metric, direction]
            for metric in metrics
            if (criterion, metric, direction) in places
        }
        kept = done & cells[named[HEADLINE]].notna() if HEADLINE in named else done & False
        scores = {metric: cells.loc[kept, name] for metric, name in named.items()}
        absent = dict.fromkeys((metric for metric in metrics if metric not in named), float("nan"))
        parts.append(facts[kept].assign(criterion=criterion, direction=direction, **scores, **absent))
    rows = pd.concat([part for part in parts if len(part)] or parts[:1])
    return rows.sort_index(kind="stable").reset_index(drop=True)


def by_match(cells: pd.DataFrame) -> pd.DataFrame:
    """Turn the record's rows into one per cell and direction: its temperature and MAP by match probability."""
    parts = [cells.loc[[], [*_KEY, "temperature"]].assign(direction="", map=float("nan"))]
    for name in cells.columns:
        if name.startswith(_MATCH):
            kept = cells[cells[name].notna()]
            parts.append(kept[[*_KEY, "temperature"]].assign(direction=name.removeprefix(_MATCH), map=kept[name]))
    rows = pd.concat([part for part in parts if len(part)] or parts[:1])
    return rows.sort_index(kind="stable").reset_index(drop=True)


def recorded_cells(dataset: str, rows: pd.DataFrame) -> Iterator[RecordedCell]:
    """Cell by cell of a dataset's `by_direction`."""
    for _, cell in rows.groupby(_KEY, dropna=False, sort=False):
        first: dict[str, Any] = {str(name): value for name, value in cell.iloc[0].items()}
        rate = None if pd.isna(first["rate"]) else float(first["rate"])
        seed = None if pd.isna(first["seed"]) else int(first["seed"])
        done = cell[cell["status"] == DONE]
        maps = {f"{row['criterion']}/{row['direction']}": float(row[HEADLINE]) for row in done.to_dict("records")}
        means = done.groupby("criterion", sort=False)[HEADLINE].mean()
        yield RecordedCell(
            CellKey(dataset, first["method"], first["variant"], first["noise"], rate, seed),
            **{name: first[name] for name in FACTS},
            maps=maps | {f"{criterion}/mean": float(mean) for criterion, mean in means.items()},
        )


@cache
def _places(names: tuple[str, ...]) -> dict[tuple[str, str, str], str]:
    """(criterion, metric, direction) -> the column that has it, in their order."""
    split = {name: name.split(" ", 2) for name in names if "->" in name and not name.startswith(_MATCH)}
    return {(parts[0], parts[1], parts[2]): name for name, parts in split.items() if len(parts) == 3}
