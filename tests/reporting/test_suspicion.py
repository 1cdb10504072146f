"""Which labels are wrong, as tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.records.reader import Records
from pipeline.records.suspicion import CONFIDENT_LEARNING, SUSPICION
from pipeline.reporting.results.results import Results
from pipeline.reporting.tables.suspicion import estimates, suspicion
from pipeline.reporting.tables.table import Absent, Number
from tests.reporting.conftest import scoped, write_suspicion
from tests.support.records import drop_method, keep, write_method


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


def test_estimates_stand_under_the_truth(records: Path) -> None:
    write_suspicion(records)
    assert estimates(Records(records), scoped(records), "symmetric") is None
    printed = Records(records).suspicion("emoji", "mrl")
    printed["estimate"] = printed["rate"]
    printed["certain"] = (printed["rate"] < 0.5).astype(int)
    write_method(SUSPICION, records, "emoji", "ce", printed.drop(columns="method").to_dict("records"))
    table = estimates(Records(records), scoped(records), "symmetric")
    assert table is not None
    means = {row.label: [cell.mean for cell in row.cells if isinstance(cell, Number)] for row in table.rows}
    assert means == {
        "in truth": pytest.approx([0.185, 0.725]),
        "CE": pytest.approx([0.2, 0.8]),
        "confident learning (cleanlab)": pytest.approx([0.16, 0.64]),
    }
    assert table.rows[1].note == "sure of it in 3 of 6 cells"
    assert table.rows[0].note is None


def test_the_truth_comes_from_a_method_that_ran_under_the_noise(records: Path) -> None:
    write_suspicion(records)
    printed = Records(records).suspicion("emoji", "mrl").drop(columns="method").assign(certain=1)
    printed["estimate"] = printed["rate"]
    write_method(SUSPICION, records, "emoji", "ce", printed.assign(noise="pairflip").to_dict("records"))
    write_method(SUSPICION, records, "emoji", "mrl", printed.to_dict("records"))
    table = estimates(Records(records), scoped(records), "symmetric")
    assert table is not None
    assert [cell.mean for cell in table.rows[0].cells if isinstance(cell, Number)] == pytest.approx([0.185, 0.725])


def test_seeds_that_are_missing_are_told(records: Path) -> None:
    write_suspicion(records)
    for record in (SUSPICION, CONFIDENT_LEARNING):
        keep(record, records, "emoji", lambda row: (row["rate"], row["seed"]) not in {("0.8", "2"), ("0.2", "1")})
    result = suspicion(Records(records), scoped(records), "symmetric")
    assert result is not None
    notes = [[cell.note for cell in row.cells[:2] if isinstance(cell, Number)] for row in result.rows]
    failed = "n = 2 of 3 seeds: seed 2 failed (loss term 'loss/total' is not finite)"
    assert notes[0] == [
        "n = 2 of 3 seeds: seed 1 undefined (all training labels are right, or all are wrong: there is "
        "nothing to tell apart)",
        failed,
    ]
    assert notes[1] == ["n = 2 of 3 seeds: seed 1 not run", "n = 2 of 3 seeds: seed 2 not run"]


def test_a_rate_without_numbers_says_why(records: Path) -> None:
    write_suspicion(records)
    results = scoped(records)
    printed = Records(records).suspicion("emoji", "mrl")
    low = printed[printed["rate"] == 0.2].drop(columns="method")
    write_method(SUSPICION, records, "emoji", "sdml", low.to_dict("records"))
    table = suspicion(
        Records(records), Results(Records(records), replace(results.scope, rates=[0.0, 0.2, 0.8])), "symmetric"
    )
    assert table is not None
    rows = {row.label: row.cells for row in table.rows}
    states = {label: [cell.state for cell in cells[:3] if isinstance(cell, Absent)] for label, cells in rows.items()}
    assert states == {
        "MRL": ["undefined"],
        "SDML": ["undefined", "failed"],
        "confident learning (cleanlab)": ["undefined"],
    }


def test_without_a_method_that_can_tell_there_is_no_table(records: Path) -> None:
    write_suspicion(records)
    drop_method(SUSPICION, records, "emoji", "mrl")
    assert suspicion(Records(records), scoped(records), "symmetric") is None
    assert suspicion(Records(records), scoped(records), "pairflip") is None
