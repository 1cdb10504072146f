"""The sign bits: MAP by Hamming distance in the first state that each cell keeps, mean over seeds."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean, stdev
from typing import Any

import pandas as pd

from pipeline.core.readouts import BITS
from pipeline.records.table_record import SETTING, Column, Kind, TableRecord

SIGN_BITS = TableRecord(
    "sign_bits",
    (*SETTING, Column("seeds", Kind.WHOLE)),
    key=("method", "variant", "noise", "rate"),
    more=Column("sign<bits> <direction>, or sign<bits> std", share=True),
    digits=3,
)
"""A row per setting. seeds: their number, empty where none could change the result; std: sample standard deviation over
seeds of the mean over directions."""


def sign_row(
    setting: Mapping[str, Any], by_seed: Mapping[int | None, Mapping[int, Mapping[str, float]]]
) -> dict[str, Any]:
    """Return the row of one setting. by_seed: seed -> bits -> direction -> MAP; a deterministic one under None."""
    row = {**setting, "seeds": None if None in by_seed else len(by_seed)}
    for bits in BITS:
        maps = [by_bits[bits] for by_bits in by_seed.values()]
        row |= {f"sign{bits} {direction}": fmean(one[direction] for one in maps) for direction in maps[0]}
        row[f"sign{bits} std"] = stdev(fmean(one.values()) for one in maps) if len(maps) > 1 else None
    return row


def by_bits(rows: pd.DataFrame) -> pd.DataFrame:
    """Turn the record's rows into one per setting and number of bits: MAP, mean of the directions, and its std."""
    parts = [rows.assign(bits=0, map=float("nan"), std=float("nan"))[:0]]
    for bits in BITS:
        ways = [name for name in rows.columns if name.startswith(f"sign{bits} ") and "->" in name]
        if ways:
            parts.append(rows.assign(bits=bits, map=rows[ways].mean(axis=1), std=rows[f"sign{bits} std"]))
    together = pd.concat([part for part in parts if len(part)] or parts[:1])
    return together[[*(column.name for column in SIGN_BITS.columns), "bits", "map", "std"]].reset_index(drop=True)
