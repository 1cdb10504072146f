"""MLflow shows every cell once, however often it is logged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.contract import CellKey
from pipeline.training.tracking import Tracker

KEY = CellKey("emoji", "ce", "default", "symmetric", 0.2, 0)
SETTINGS = {"epochs": 2, "hidden": [4]}
RESULT = {
    "status": "done",
    "reason": "",
    "fingerprint": "aaaa",
    "history": [{"epoch": 1, "loss/total": 2.0}, {"epoch": 2, "loss/total": 1.0, "valid/image->text": 0.5}],
}
RECEIPT = {"kind": "symmetric", "rate": 0.2, "per_pair": False, "hash": "beef", "realised": {"image": 0.18}}


@pytest.fixture(scope="session")
def uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One database for all tests: making it takes longer than they do."""
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow') / 'mlflow.db'}"


@pytest.fixture
def tracker(uri: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Tracker:
    """An experiment of its own."""
    monkeypatch.chdir(tmp_path)
    return Tracker(uri, request.node.name, tmp_path / "locks" / "mlflow.lock")


def log(tracker: Tracker, key: CellKey = KEY, **changes: Any) -> None:
    tracker.log_cell(key, SETTINGS, RESULT | changes, {"seconds": 1.5}, RECEIPT)


def active(tracker: Tracker) -> list[Any]:
    return tracker._search()


def test_a_cell_is_logged_whole(tracker: Tracker) -> None:
    log(tracker)
    (run,) = active(tracker)
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "ce-default-symmetric-0.2-0"
    noise = {"noise_kind": "symmetric", "noise_rate": "0.2", "noise_per_pair": "False", "noise_hash": "beef"}
    assert run.data.params == {"epochs": "2", "hidden": "[4]"} | noise
    assert run.data.metrics["seconds"] == 1.5
    assert run.data.metrics["noise_realised/image"] == 0.18
    assert run.data.metrics["valid/image to text"] == 0.5
    losses = tracker.client.get_metric_history(run.info.run_id, "loss/total")
    assert [(metric.step, metric.value) for metric in losses] == [(1, 2.0), (2, 1.0)]
    tags = {"cell": "emoji/ce/default-symmetric-0.2-0", "method": "ce", "variant": "default", "noise": "symmetric"}
    tags |= {"rate": "0.2", "seed": "0", "fingerprint": "aaaa", "status": "done"}
    assert tags.items() <= run.data.tags.items()


def test_a_cell_without_noise_seed_and_history_is_logged(tracker: Tracker) -> None:
    key = CellKey("emoji", "mcca", "default", None, None, None)
    tracker.log_cell(key, {}, RESULT | {"history": []}, {}, None)
    (run,) = active(tracker)
    assert not run.data.metrics
    assert (run.data.tags["noise"], run.data.tags["rate"], run.data.tags["seed"]) == ("any", "any", "any")


def test_the_same_fingerprint_adds_no_run(tracker: Tracker, uri: str, tmp_path: Path) -> None:
    log(tracker)
    log(tracker)
    (run,) = active(tracker)
    name = tracker.client.get_experiment(tracker.experiment).name
    log(Tracker(uri, name, tmp_path / "lock"))
    assert [again.info.run_id for again in active(tracker)] == [run.info.run_id]


def test_a_changed_fingerprint_replaces_the_run(tracker: Tracker) -> None:
    log(tracker)
    (old,) = active(tracker)
    log(tracker, fingerprint="bbbb")
    (new,) = active(tracker)
    assert new.info.run_id != old.info.run_id
    assert new.data.tags["fingerprint"] == "bbbb"


def test_a_run_that_was_cut_off_is_replaced(tracker: Tracker, uri: str, tmp_path: Path) -> None:
    tags = {"cell": "emoji/ce/default-symmetric-0.2-0", "fingerprint": "aaaa"}
    cut = tracker.client.create_run(tracker.experiment, tags=tags)
    again = Tracker(uri, tracker.client.get_experiment(tracker.experiment).name, tmp_path / "lock")
    log(again)
    (run,) = active(tracker)
    assert run.info.run_id != cut.info.run_id


def test_scores_join_their_cell(tracker: Tracker) -> None:
    log(tracker)
    scores = {"test/last_epoch/image->text": 0.25, "test/last_epoch/mean": 0.5}
    tracker.log_scores(KEY, scores)
    tracker.log_scores(KEY, scores)
    (run,) = active(tracker)
    assert run.data.metrics["test/last_epoch/image to text"] == 0.25
    assert run.data.metrics["test/last_epoch/mean"] == 0.5


def test_a_summary_is_one_run_per_setting(tracker: Tracker) -> None:
    setting = replace(KEY, seed=None)
    tracker.log_summary(setting, {"n": 3.0, "test/last_epoch/mean": 0.5})
    tracker.log_summary(setting, {"n": 3.0, "test/last_epoch/mean": 0.5})
    (first,) = active(tracker)
    tracker.log_summary(setting, {"n": 4.0, "test/last_epoch/mean": 0.6})
    (run,) = active(tracker)
    assert run.info.run_id != first.info.run_id
    assert run.info.run_name == "ce-default-symmetric-0.2-any-mean"
    assert run.data.metrics == {"n": 4.0, "test/last_epoch/mean": 0.6}
    assert run.data.tags["summary"] == "true"


def test_a_summary_is_not_the_cell_of_a_label_free_method(tracker: Tracker) -> None:
    key = CellKey("emoji", "mcca", "default", None, None, None)
    log(tracker, key)
    tracker.log_summary(key, {"n": 1.0})
    assert len(active(tracker)) == 2


def test_pruning_keeps_what_the_grid_has(tracker: Tracker) -> None:
    other, setting = replace(KEY, seed=1), replace(KEY, seed=None)
    log(tracker)
    log(tracker, other)
    tracker.log_summary(setting, {"n": 2.0})
    tracker.log_summary(replace(setting, rate=0.4), {"n": 2.0})
    tracker.prune([KEY], [setting])
    kept = {run.data.tags["cell"] for run in active(tracker)}
    assert kept == {"emoji/ce/default-symmetric-0.2-0", "emoji/ce/default-symmetric-0.2-any-mean"}
    log(tracker, other)
    assert len(active(tracker)) == 3
