"""Which labels are wrong, and the two readings of a network, as tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.reporting.readout import readout
from pipeline.reporting.records import Records
from pipeline.reporting.suspicion import suspicion
from pipeline.reporting.table import Number
from tests.reporting.conftest import scoped, write_suspicion


def test_views_are_averaged_before_seeds_are_spread(records: Path) -> None:
    write_suspicion(records)
    table = suspicion(Records(records), scoped(records), "symmetric")
    assert table is not None
    assert [row.label for row in table.rows] == ["MRL", "confident learning (cleanlab)"]
    assert [column.heads for column in table.columns] == [
        *(("AUC", "0.2"), ("AUC", "0.8")),
        *(("precision at the true rate", "0.2"), ("precision at the true rate", "0.8")),
    ]
    first = table.rows[0].cells[0]
    assert isinstance(first, Number)
    assert (first.mean, first.std, first.n) == (pytest.approx(0.95 - 0.04), pytest.approx(0.01), 3)


def test_without_a_method_that_can_tell_there_is_no_table(records: Path) -> None:
    write_suspicion(records)
    (records / "suspicion" / "emoji" / "mrl.csv").unlink()
    assert suspicion(Records(records), scoped(records), "symmetric") is None
    assert suspicion(Records(records), scoped(records), "pairflip") is None


def test_the_readout_is_the_gain_over_the_embedding(records: Path) -> None:
    write_suspicion(records)
    table = readout(Records(records), scoped(records), "symmetric")
    assert table is not None
    (row,) = table.rows
    cells = [cell for cell in row.cells if isinstance(cell, Number)]
    assert len(cells) == 6
    assert [cell.mean for cell in cells[4:]] == pytest.approx([0.1, 0.1], abs=1e-6)
    assert [cell.std for cell in cells[4:]] == pytest.approx([0.0, 0.0], abs=1e-6)
    assert [cells[2].mean - cells[0].mean, cells[3].mean - cells[1].mean] == pytest.approx([0.1, 0.1], abs=1e-6)
    assert row.note == "temperatures 0.05 to 0.15"


def test_a_method_without_class_probabilities_has_no_readout(records: Path) -> None:
    assert readout(Records(records), scoped(records), "symmetric") is None
