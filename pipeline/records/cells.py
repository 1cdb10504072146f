"""The cells: how each ended and, by selection criterion, every metric in every direction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipeline.core.cells import DONE, STATUSES, CellKey
from pipeline.core.criteria import CRITERIA
from pipeline.metrics.base import HEADLINE
from pipeline.records.table_record import SEED, SETTING, Column, Kind, Line, TableRecord

FACTS = ("status", "reason", "code", "fingerprint")


def score_column(metric: str, direction: str) -> str:
    """Return the column of a metric in a direction, e.g. 'map image->text'."""
    return f"{metric} {direction}"


def _check(line: Line) -> str | None:
    if line["status"] not in STATUSES:
        return f"status '{line['status']}' is none of {', '.join(STATUSES)}"
    if line["status"] != DONE:
        return None if line["reason"] else f"a {line['status']} cell gives no reason"
    if line["criterion"] not in CRITERIA:
        return f"'{line['criterion']}' is no criterion"
    scores = [name for name in line if "->" in name]
    if not any(name.startswith(f"{HEADLINE} ") for name in scores):
        return f"a cell is done, but there is no column '{score_column(HEADLINE, '...')}'"
    missing = [name for name in scores if not line[name]]
    return f"the cell is done, but it has no {missing[0]}" if missing else None


CELLS = TableRecord(
    "cells",
    (*SETTING, SEED, Column("criterion", Kind.NAME), *(Column(name, Kind.TEXT) for name in FACTS)),
    key=("method", "variant", "noise", "rate", "seed", "criterion"),
    more=Column("<metric> <direction>", share=True),
    check=_check,
)
"""A row per cell and criterion; one that is not done has one row, without criterion and numbers."""


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

    A cell that is not done keeps its row, with an empty criterion and direction.
    """
    scores = [name for name in cells.columns if "->" in name]
    facts = cells.drop(columns=scores)
    facts["criterion"] = [criterion or "" for criterion in facts["criterion"]]
    places = [name.split(" ", 1) for name in scores]
    metrics, directions = (list(dict.fromkeys(part)) for part in zip(*places, strict=True)) if places else ([], [])
    done = cells["status"] == DONE
    parts = [facts[~done].assign(direction="", **dict.fromkeys(metrics or [HEADLINE], float("nan")))]
    for direction in directions:
        columns = {metric: cells.loc[done, score_column(metric, direction)] for metric in metrics}
        parts.append(facts[done].assign(direction=direction, **columns))
    rows = pd.concat([part for part in parts if len(part)] or parts[:1])
    return rows.sort_index(kind="stable").reset_index(drop=True)


def recorded_cells(dataset: str, rows: pd.DataFrame) -> Iterator[RecordedCell]:
    """Cell by cell of a dataset's `by_direction`."""
    key = ["method", "variant", "noise", "rate", "seed"]
    for _, cell in rows.groupby(key, dropna=False, sort=False):
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


def cell_rows(
    setting: Mapping[str, Any], facts: Mapping[str, str], scores: Iterable[tuple[str, Mapping[str, float]]]
) -> Iterator[dict[str, Any]]:
    """Yield the rows of one cell.

    setting: method, variant, noise, rate and seed; facts: status, reason, code and fingerprint; scores: criterion with
    the values of its score columns, none for a cell that is not done.
    """
    rows = [{"criterion": criterion, **values} for criterion, values in scores] or [{}]
    for row in rows:
        yield {**setting, **facts, **row}
