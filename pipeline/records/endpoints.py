"""The endpoints of an experiment that claims something: MAP of every seed, each with a split of its own."""

from __future__ import annotations

from pipeline.core.readouts import READOUTS
from pipeline.records.table_record import METHOD, VARIANT, Column, Kind, Line, TableRecord


def _check(line: Line) -> str | None:
    return None if line["readout"] in READOUTS else f"'{line['readout']}' is no readout"


ENDPOINTS = TableRecord(
    "endpoints",
    (
        *(Column("noise", Kind.TEXT, needed=True), Column("readout", Kind.TEXT, needed=True), METHOD, VARIANT),
        *(Column("seed", Kind.WHOLE, needed=True), Column("map", share=True, needed=True)),
    ),
    key=("noise", "readout", "method", "variant", "seed"),
    digits=6,
    check=_check,
)
"""A row per entry, readout and seed; map: mean over queries, rates and directions."""
