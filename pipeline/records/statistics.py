"""The statistics: which differences in a column of the headline table are more than chance on the test queries."""

from __future__ import annotations

from pipeline.core.criteria import CRITERIA
from pipeline.records.table_record import DIRECTION, METHOD, VARIANT, Column, Kind, Line, TableRecord


def _check(line: Line) -> str | None:
    return None if line["criterion"] in CRITERIA else f"'{line['criterion']}' is no criterion"


STATISTICS = TableRecord(
    "statistics",
    (
        *(Column("noise", Kind.TEXT, needed=True), Column("rate", share=True, needed=True), DIRECTION, METHOD, VARIANT),
        *(Column("criterion", Kind.TEXT), Column("map", share=True, needed=True), Column("p", share=True)),
        *(Column("tied", Kind.WHOLE), Column("difference"), Column("low"), Column("high")),
    ),
    key=("noise", "rate", "direction", "method", "variant"),
    digits=6,
    check=_check,
)
"""A row per entry of a column, which is a noise, rate and direction; a label-free entry stands in every column.

criterion: of the state that is compared; map: mean over queries and seeds; p: adjusted, of the difference to the best
of the column; tied: 1 if the entry shares the first place; difference, low, high: to the best, with a 95 % interval.
The best has no p and no difference. Empty in a column of one: p, tied and difference.
"""
