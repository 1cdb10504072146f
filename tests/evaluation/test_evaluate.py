"""All records of a dataset from its finished cells, and a new metric's way into them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.core.cells import CellKey
from pipeline.core.criteria import BEST_VALIDATION, LAST_EPOCH
from pipeline.evaluation import evaluate as room
from pipeline.evaluation.evaluate import evaluate
from pipeline.evaluation.scoring import Detail
from pipeline.evaluation.statistics import Family
from pipeline.metrics.base import Metric, registered
from pipeline.records.reader import Records
from pipeline.reporting.results.report_scope import Scope
from pipeline.reporting.results.results import NOT_MEASURED, Results
from pipeline.reporting.tables import metrics as table
from pipeline.reporting.tables.metrics import metrics
from pipeline.reporting.tables.table import Number
from tests.reporting.conftest import DATASETS, METHODS
from tests.support.finished import VIEWS, embeddings, write_cell

SAMPLES = 30
LABELS = dict.fromkeys(VIEWS, np.arange(SAMPLES) % 3)
FAMILY = Family(["symmetric"], [0.2], [0, 1], [("mcca", "default"), ("ce", "default")])
DETAIL = Detail({}, 0, ["symmetric"])


def run(folder: Path) -> Records:
    cells = [CellKey("emoji", "ce", "default", "symmetric", 0.2, seed) for seed in (0, 1)]
    for number, key in enumerate([*cells, CellKey("emoji", "mcca", "default", None, None, None)]):
        states = {BEST_VALIDATION: embeddings(number, SAMPLES), LAST_EPOCH: embeddings(number + 5, SAMPLES)}
        if not (folder / "runs" / key.method / key.name).exists():
            write_cell(folder / "runs" / key.method, key, states, history=[{"epoch": 1, "accuracy/clean": 1.0}])
    evaluate(
        "emoji", ["mcca", "ce"], folder / "runs", LABELS, None, DETAIL, [FAMILY], folder / "records", folder / "ap"
    )
    return Records(folder / "records")


def results(records: Records) -> Results:
    return Results(records, Scope(DATASETS[0], METHODS[:2], ["symmetric"], [0.2], [0, 1], ["mcca", "ce"]))


def test_every_record_is_written(tmp_path: Path) -> None:
    records = run(tmp_path)
    names = sorted(file.relative_to(tmp_path).as_posix() for file in tmp_path.glob("records/*/*"))
    kinds = ("cells", "curves", "epochs", "sign_bits", "statistics", "suspicion")
    assert names == [f"records/{kind}/emoji.csv" for kind in kinds]
    assert sorted(file.name for file in (tmp_path / "ap").iterdir()) == ["ce.npz", "mcca.npz"]
    assert len(records.cells("emoji", "ce")) == 2 * 2 * 2
    assert len(records.statistics("emoji")) == 2 * 2
    assert len(records.epochs("emoji", "ce")) == 1


def test_twice_are_the_same_bytes(tmp_path: Path) -> None:
    run(tmp_path)
    first = {file: file.read_bytes() for file in tmp_path.glob("records/*/*")}
    run(tmp_path)
    assert first == {file: file.read_bytes() for file in tmp_path.glob("records/*/*")}


def test_a_new_metric_gets_columns_in_the_record_and_in_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class FirstRank(Metric):
        display = "1/rank"
        decimals = 2

        def compute(self, hits, relevant):
            value = np.zeros(len(relevant))
            np.maximum.at(value, hits.query, hits.relevance / hits.rank)
            return value

    older = results(run(tmp_path))
    known = registered() | {"first_rank": FirstRank()}
    for module in (room, table):
        monkeypatch.setattr(module, "registered", lambda: known)
    assert metrics(older, "symmetric").rows[0].cells[-1] == NOT_MEASURED
    newer = results(run(tmp_path))
    assert "first_rank" in newer.rows(newer.scope.entries[0]).columns
    made = metrics(newer, "symmetric")
    assert [column.heads[0] for column in made.columns] == ["MAP", "NDCG", "R@1", "R@5", "R@10", "1/rank"]
    assert made.columns[-1].decimals == 2
    assert all(isinstance(row.cells[-1], Number) for row in made.rows)


def test_the_report_shows_the_metrics_that_are_asked_for(tmp_path: Path) -> None:
    result = results(run(tmp_path))
    result.scope.__dict__["metrics"] = ("ndcg", "map")
    made = metrics(result, "symmetric")
    assert [column.heads[0] for column in made.columns] == ["NDCG", "MAP"]
    assert "of NDCG, MAP;" in made.caption
    entry = result.scope.entries[0]
    assert made.rows[0].cells[1].mean == pytest.approx(
        next(iter(result.mean(entry, "symmetric", [0.2], BEST_VALIDATION).by_seed.values()))
    )
