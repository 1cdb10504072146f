"""The suspicion: how well each method finds the wrong training labels, in the first state that a cell keeps."""

from __future__ import annotations

from dataclasses import replace

from pipeline.records.table_record import SEED, SETTING, Column, Kind, TableRecord

SUSPICION = TableRecord(
    "suspicion",
    (
        *(*SETTING, SEED, Column("view", Kind.TEXT, needed=True)),
        *(Column("auc", share=True), Column("precision", share=True), Column("wrong", share=True)),
        *(Column("estimate"), Column("certain")),
    ),
    key=("method", "variant", "noise", "rate", "seed", "view"),
)
"""A row per cell and view. auc, precision: see retrieval/detection.py; wrong: the share of wrong labels; estimate: the
method's of that share, and certain: 1 if it has a reason to rely on it, else 0; both empty where it makes none."""

CONFIDENT_LEARNING = replace(SUSPICION, folder="confident_learning")
"""The same of the baseline, by draw of noise and view, under its own name as method."""
