"""The epochs: what the first seed of every setting went through, measure by measure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from pipeline.core.runs import Row
from pipeline.records.table_record import SETTING, Column, Kind, Line, TableRecord

RECORDED = "accuracy/"
_KEY = ["method", "variant", "noise", "rate"]


def _check(line: Line) -> str | None:
    for text in line["values"].split():
        try:
            float(text)
        except ValueError:
            return f"{line['measure']} '{text}' is no number"
    return None


EPOCHS = TableRecord(
    "epochs",
    (*SETTING, Column("measure", Kind.TEXT, needed=True), Column("values", Kind.TEXT, needed=True)),
    key=("method", "variant", "noise", "rate", "measure"),
    digits=3,
    check=_check,
)
"""A row per setting and measure; values: one number per epoch from the first on, nan where there is none."""


def epoch_rows(setting: Mapping[str, Any], history: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Yield the rows of one cell. history: a row per epoch, in order.

    What figures draw is recorded; MLflow has all measures of what was trained here.
    """
    for measure in dict.fromkeys(name for row in history for name in row if name.startswith(RECORDED)):
        numbers = [row.get(measure, float("nan")) for row in history]
        yield {**setting, "measure": measure, "values": " ".join(f"{x:.{EPOCHS.digits}g}" for x in numbers)}


def by_epoch(epochs: pd.DataFrame) -> pd.DataFrame:
    """Turn the rows of one method into one per setting and epoch, with a column per measure; NaN where it has none."""
    parts = []
    for _, rows in epochs.groupby(_KEY, dropna=False, sort=False):
        values = {row["measure"]: pd.Series(map(float, row["values"].split())) for row in rows.to_dict("records")}
        frame = pd.DataFrame(values)
        for name, value in [("epoch", range(1, len(frame) + 1)), *((name, rows.iloc[0][name]) for name in _KEY[::-1])]:
            frame.insert(0, name, value)
        parts.append(frame)
    return pd.concat(parts, ignore_index=True) if parts else epochs[_KEY].assign(epoch=pd.Series(dtype=int))
