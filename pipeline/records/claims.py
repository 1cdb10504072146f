"""The claims: how far a method is above each rival, both read the same way, over seeds with splits of their own."""

from __future__ import annotations

from pipeline.records.table_record import METHOD, VARIANT, Column, Kind, TableRecord

CLAIMS = TableRecord(
    "claims",
    (
        *(Column("claimed", Kind.TEXT, needed=True), Column("noise", Kind.TEXT, needed=True)),
        *(Column("readout", Kind.TEXT, needed=True), METHOD, VARIANT),
        *(Column("difference", needed=True), Column("low", needed=True), Column("high", needed=True)),
        *(Column("p", share=True, needed=True), Column("nested_low"), Column("nested_high")),
        *(Column("seeds", Kind.WHOLE, needed=True), Column("best", Kind.WHOLE, needed=True)),
    ),
    key=("noise", "readout", "method", "variant", "best"),
    digits=6,
)
"""A row per rival, and one with best = 1 for the best of those that share nothing with the claimed method (default).

difference, low, high: claimed minus rival with its 95 % interval by Student's t over seeds; p: of the claim to be
above, one-sided and doubled; of the best: above every rival. nested_low, nested_high: the interval by a hierarchical
bootstrap-t over seeds and queries, empty where it has no end.
"""
