"""Ours beside the published: always both, a difference only where the protocol is the paper's."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.reporting.published.publications import read
from pipeline.reporting.published.verdict import Verdict, mismatch, verdicts
from pipeline.reporting.results.results import Results
from pipeline.reporting.tables.published_beside import side_by_side
from pipeline.reporting.tables.table import Number
from tests.reporting.conftest import scoped
from tests.reporting.test_published import run
from tests.support.protocol_records import protocol_results, write_protocol

PUBLICATIONS, PROTOCOLS = read()


def judge(results: Results) -> list[Verdict]:
    return [verdict for verdict in verdicts(PUBLICATIONS, PROTOCOLS, [results]) if verdict.dataset == "3D-MNIST"]


def test_own_point_features_stand_beside_the_published_without_a_difference(tmp_path: Path) -> None:
    results = protocol_results(write_protocol(tmp_path))
    reason = "other protocol: own point features: cloud DGCNN (parametric shapes), published DGCNN"
    assert mismatch(PROTOCOLS["3D-MNIST"], results) == reason
    table = side_by_side(results, PUBLICATIONS, PROTOCOLS)
    assert table is not None
    assert [row.label for row in table.rows] == [
        "RONO (authors_code), here",
        "RONO, published (README, 12 March 2023)",
    ]
    assert table.notes == [f"No difference is shown ({reason})."]
    assert all(verdict.difference is None for verdict in judge(results))


@pytest.mark.parametrize("features", ["DGCNN", "Given"])
def test_the_published_point_features_are_compared(tmp_path: Path, features: str) -> None:
    results = protocol_results(write_protocol(tmp_path, features))
    compared = [verdict for verdict in judge(results) if verdict.reason is None]
    assert [verdict.agrees for verdict in compared] == [True, True, False, False]
    table = side_by_side(results, PUBLICATIONS, PROTOCOLS)
    assert table is not None
    assert [row.label for row in table.rows][2:] == ["difference"]
    cells = table.rows[2].cells
    assert [round(cell.mean, 4) for cell in cells if isinstance(cell, Number)] == [
        pytest.approx(verdict.difference, abs=1e-4) for verdict in (compared[0], compared[2], compared[1], compared[3])
    ]
    assert table.notes == []


def test_a_rate_that_was_not_run_is_absent_beside_its_published_value(tmp_path: Path) -> None:
    results = protocol_results(write_protocol(tmp_path, "DGCNN", rates=(0.2,)))
    table = side_by_side(results, PUBLICATIONS, PROTOCOLS)
    assert table is not None
    assert [isinstance(cell, Number) for cell in table.rows[2].cells] == [True, False, False, False] * 2


def test_ours_stand_once_above_all_rows_that_they_answer_to(tmp_path: Path) -> None:
    table = side_by_side(run(tmp_path), PUBLICATIONS, PROTOCOLS)
    assert table is not None
    labels = [row.label for row in table.rows]
    start = labels.index("CE, here")
    assert labels[start : start + 5] == [
        "CE, here",
        "deep-SM, published (Table 1)",
        "difference",
        "CE, published (Table 3)",
        "difference",
    ]
    assert labels.count("MRL, published (Table 1)") == 1
    assert "MRL, published (Table 3)" not in labels


def test_a_dataset_that_no_paper_has_stands_alone(records: Path) -> None:
    assert side_by_side(scoped(records), PUBLICATIONS, PROTOCOLS) is None
