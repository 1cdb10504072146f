"""The posterior readout: MAP by match probability, in the first state that each cell keeps."""

from __future__ import annotations

from pipeline.records.table_record import DIRECTION, SEED, SETTING, Column, TableRecord

READOUT = TableRecord(
    "readout",
    (*SETTING, SEED, DIRECTION, Column("temperature", needed=True), Column("map", share=True, needed=True)),
    key=("method", "variant", "noise", "rate", "seed", "direction"),
)
"""A row per cell and direction; temperature: of the class probabilities, as clean validation labels chose it."""
