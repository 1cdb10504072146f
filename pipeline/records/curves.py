"""The curves: precision at eleven levels of recall, mean over seeds, in the first state that each cell keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pipeline.core.splits import Array
from pipeline.metrics.base.curve import LEVELS
from pipeline.records.table_record import DIRECTION, SETTING, Column, TableRecord

_RECALL = {f"recall {level:.1f}": float(level) for level in LEVELS}

CURVES = TableRecord(
    "curves",
    (*SETTING, DIRECTION, *(Column(name, share=True, needed=True) for name in _RECALL)),
    key=("method", "variant", "noise", "rate", "direction"),
)
"""A row per setting and direction; `recall x`: the precision there."""


def curve_row(setting: Mapping[str, Any], direction: str, precision: Array) -> dict[str, Any]:
    """Return the row of one curve. precision: 11, at the LEVELS of recall."""
    return {**setting, "direction": direction, **dict(zip(_RECALL, precision.tolist(), strict=True))}


def by_recall(curves: pd.DataFrame) -> pd.DataFrame:
    """Turn the record's rows into one per setting, direction and level, with columns recall and precision."""
    names = [column.name for column in (*SETTING, DIRECTION)]
    rows = curves.melt(names, list(_RECALL), "recall", "precision", ignore_index=False)
    rows["recall"] = rows["recall"].map(_RECALL)
    return rows.sort_index(kind="stable").reset_index(drop=True)
