"""What methods cost beside what they reach."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.core.errors import BadInput
from pipeline.reporting.tables.costs import cost_table, machine, read
from pipeline.reporting.tables.table import Absent, Number
from tests.reporting.conftest import DATASETS, scoped, write_costs


def test_costs_stand_beside_the_headline_map(records: Path, tmp_path: Path) -> None:
    results = scoped(records)
    table = cost_table(read(write_costs(tmp_path) / "cost.csv"), results)
    assert table is not None
    rows = {row.label: row.cells for row in table.rows}
    quality, *costs = rows["CE"]
    assert isinstance(quality, Number)
    assert quality.mean == pytest.approx(0.33, abs=1e-6)
    assert [cell.mean for cell in costs if isinstance(cell, Number)] == [12.345, 512, 1.234567, 6]
    assert all(isinstance(cell, Absent) for cell in rows["MCCA"][1:])
    assert list(rows) == [entry.label for entry in results.scope.entries]


def test_without_costs_of_a_dataset_there_is_no_table(records: Path, tmp_path: Path) -> None:
    assert cost_table(read(tmp_path / "none.csv"), scoped(records)) is None
    assert cost_table(read(write_costs(tmp_path) / "cost.csv"), scoped(records, DATASETS[1])) is None


def test_a_row_that_stands_twice_is_refused(tmp_path: Path) -> None:
    file = write_costs(tmp_path) / "cost.csv"
    file.write_text(file.read_text() + "emoji,ce,default,6,1,1,1\n")
    with pytest.raises(BadInput, match=r"cost\.csv, line 4: the same dataset, method and variant stand twice"):
        read(file)


def test_a_machine_that_is_half_described_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "machine.json"
    assert machine(file) is None
    file.write_text(json.dumps({"cpu": "x", "cores": 1}))
    with pytest.raises(BadInput, match="a machine lacks memory_bytes, python, torch, device"):
        machine(file)
