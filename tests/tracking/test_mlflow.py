"""MLflow shows every cell once, however often it is logged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import pytest

from pipeline.core.cells import CellKey
from pipeline.tracking.base import TrackedCell, open_tracker
from pipeline.tracking.base.naming import NOTE
from pipeline.tracking.mlflow import MLflow

KEY = CellKey("emoji", "ce", "default", "symmetric", 0.2, 0)
SETTINGS = {"epochs": 2, "hidden": [4]}
RESULT = {
    "status": "done",
    "reason": "",
    "fingerprint": "aaaa",
    "history": [{"epoch": 1, "loss/total": 2.0}, {"epoch": 2, "loss/total": 1.0, "valid/image->text": 0.5}],
}
COST = {"seconds": 1.5, "peak_memory": 1000, "parameters": 12}
RECEIPT = {"kind": "symmetric", "rate": 0.2, "per_pair": False, "hash": "beef", "realised": {"image": 0.18}}


@pytest.fixture(scope="session")
def uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One database for all tests: making it takes longer than they do."""
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow') / 'mlflow.db'}"


@pytest.fixture
def tracker(uri: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> MLflow:
    """An experiment of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    return MLflow(request.node.name)


def log(tracker: MLflow, key: CellKey = KEY, scores: Mapping[str, float] | None = None, **changes: Any) -> None:
    tracker.log_cell(TrackedCell(key, SETTINGS, **RESULT | changes, cost=COST, receipt=RECEIPT, scores=scores or {}))


def again(tracker: MLflow) -> MLflow:
    """The same experiment as another process sees it."""
    return MLflow(tracker.dataset)


def active(tracker: MLflow) -> list[Any]:
    return tracker._search()


def test_a_cell_is_logged_whole(tracker: MLflow) -> None:
    log(tracker, scores={"test/last_epoch/image->text": 0.25})
    (run,) = active(tracker)
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "ce, symmetric 0.2, seed 0"
    assert run.info.end_time - run.info.start_time >= 1500
    noise = {"noise_kind": "symmetric", "noise_rate": "0.2", "noise_per_pair": "False", "noise_hash": "beef"}
    params = {"method": "ce", "variant": "default", "seed": "0", "epochs": "2", "hidden": "[4]"}
    assert run.data.params == params | noise
    metrics = {"loss/total": 1.0, "valid/image to text": 0.5, "test/last_epoch/image to text": 0.25, "epoch": 2.0}
    assert run.data.metrics == metrics | COST
    losses = tracker.client.get_metric_history(run.info.run_id, "loss/total")
    assert [(metric.step, metric.value) for metric in losses] == [(1, 2.0), (2, 1.0)]
    tags = {"cell": "emoji/ce/default-symmetric-0.2-0", "method": "ce", "variant": "default", "noise": "symmetric"}
    tags |= {"rate": "0.2", "seed": "0", "dataset": "emoji", "kind": "cell", "fingerprint": "aaaa", "status": "done"}
    tags |= {NOTE: "ce trained on emoji with symmetric noise at rate 0.2, seed 0."}
    assert tags.items() <= run.data.tags.items()


def test_a_cell_without_noise_seed_and_history_is_logged(tracker: MLflow) -> None:
    key = CellKey("emoji", "mcca", "unregularised", None, None, None)
    tracker.log_cell(TrackedCell(key, {}, **RESULT | {"history": []}))
    (run,) = active(tracker)
    assert not run.data.metrics
    assert run.info.run_name == "mcca (unregularised)"
    assert (run.data.tags["noise"], run.data.tags["rate"], run.data.tags["seed"]) == ("any", "any", "any")
    assert run.data.tags[NOTE].endswith("with no labels, so it holds at every noise rate.")


def test_a_failed_cell_says_why(tracker: MLflow) -> None:
    log(tracker, status="failed", reason="epoch 3: 'loss/total' is not finite", history=[])
    (run,) = active(tracker)
    assert run.data.tags[NOTE].endswith("seed 0. The cell failed: epoch 3: 'loss/total' is not finite")


def test_an_experiment_is_made_with_its_first_run_and_says_what_it_holds(tracker: MLflow) -> None:
    assert tracker.client.get_experiment_by_name(tracker.dataset) is None
    tracker.prune()
    log(tracker)
    tags = tracker.client.get_experiment_by_name(tracker.dataset).tags
    assert "group by the tags `method` and `rate`" in tags[NOTE]


def test_an_experiment_that_was_deleted_is_restored(tracker: MLflow, tmp_path: Path) -> None:
    unaware = again(tracker)
    log(tracker)
    tracker.client.delete_experiment(tracker.experiment)
    log(unaware)
    tracker.client.delete_experiment(tracker.experiment)
    later = again(tracker)
    log(later, replace(KEY, seed=1))
    assert "emoji/ce/default-symmetric-0.2-1" in {run.data.tags["cell"] for run in active(later)}


def test_the_same_fingerprint_adds_no_run(tracker: MLflow, tmp_path: Path) -> None:
    log(tracker)
    log(tracker)
    (run,) = active(tracker)
    log(again(tracker))
    assert [same.info.run_id for same in active(tracker)] == [run.info.run_id]


def test_a_changed_fingerprint_replaces_the_run(tracker: MLflow) -> None:
    log(tracker)
    (old,) = active(tracker)
    log(tracker, fingerprint="bbbb")
    (new,) = active(tracker)
    assert new.info.run_id != old.info.run_id
    assert new.data.tags["fingerprint"] == "bbbb"


def test_a_run_that_was_cut_off_is_replaced(tracker: MLflow, tmp_path: Path) -> None:
    log(tracker, replace(KEY, seed=1))
    tags = {"cell": "emoji/ce/default-symmetric-0.2-0", "fingerprint": "aaaa"}
    cut = tracker.client.create_run(tracker.experiment, tags=tags)
    log(again(tracker))
    runs = {run.info.run_id: run.info.status for run in active(tracker)}
    assert len(runs) == 2
    assert cut.info.run_id not in runs
    assert set(runs.values()) == {"FINISHED"}


def test_scores_join_their_cell_once(tracker: MLflow, tmp_path: Path) -> None:
    log(tracker)
    (logged,) = active(tracker)
    scores = {"test/last_epoch/image->text": 0.25, "test/last_epoch/mean": 0.5}
    log(tracker, scores=scores)
    log(tracker, scores=scores)
    log(again(tracker), scores=scores)
    log(tracker)
    (run,) = active(tracker)
    assert run.info.run_id == logged.info.run_id
    assert run.data.metrics["test/last_epoch/image to text"] == 0.25
    assert len(tracker.client.get_metric_history(run.info.run_id, "test/last_epoch/mean")) == 1


def test_a_summary_is_one_run_per_setting(tracker: MLflow) -> None:
    setting = replace(KEY, seed=None)
    tracker.log_summary(setting, {"n": 3.0, "test/last_epoch/mean": 0.5})
    tracker.log_summary(setting, {"n": 3.0, "test/last_epoch/mean": 0.5})
    (first,) = active(tracker)
    tracker.log_summary(setting, {"n": 4.0, "test/last_epoch/mean": 0.6})
    (run,) = active(tracker)
    assert run.info.run_id != first.info.run_id
    assert run.info.run_name == "ce, symmetric 0.2, mean"
    assert run.data.metrics == {"n": 4.0, "test/last_epoch/mean": 0.6}
    assert run.data.tags["kind"] == "mean"
    assert run.data.tags[NOTE].startswith("Mean over 4 seeds.")


def test_a_summary_is_not_the_cell_of_a_label_free_method(tracker: MLflow) -> None:
    key = CellKey("emoji", "mcca", "default", None, None, None)
    log(tracker, key)
    tracker.log_summary(key, {"n": 1.0})
    assert len(active(tracker)) == 2


def test_the_report_is_one_run_that_changes_with_its_files(tracker: MLflow, tmp_path: Path) -> None:
    table, figure = tmp_path / "tables" / "emoji_costs.md", tmp_path / "figures" / "emoji_map.png"
    for file in (table, figure):
        file.parent.mkdir()
        file.write_text("old")
    tracker.log_report([table, figure])
    (first,) = active(tracker)
    tracker.log_report([table, figure])
    again(tracker).log_report([table, figure])
    assert [run.info.run_id for run in active(tracker)] == [first.info.run_id]
    kept = Path(first.info.artifact_uri)
    assert {file.relative_to(kept).as_posix() for file in kept.rglob("*.*")} == {
        "tables/emoji_costs.md",
        "figures/emoji_map.png",
    }
    table.write_text("new")
    tracker.log_report([table])
    (second,) = active(tracker)
    assert [file.read_text() for file in Path(second.info.artifact_uri).rglob("*.*")] == ["new"]
    assert not kept.exists()


def test_pruning_keeps_what_was_logged_again(tracker: MLflow, tmp_path: Path) -> None:
    other, setting = replace(KEY, seed=1), replace(KEY, seed=None)
    log(tracker)
    log(tracker, other)
    tracker.log_summary(setting, {"n": 2.0})
    tracker.log_summary(replace(setting, rate=0.4), {"n": 2.0})
    tracker.prune()
    assert len(active(tracker)) == 4
    later = again(tracker)
    log(later)
    later.log_summary(setting, {"n": 2.0})
    later.prune()
    kept = {run.data.tags["cell"] for run in active(tracker)}
    assert kept == {"emoji/ce/default-symmetric-0.2-0", "emoji/ce/default-symmetric-0.2-any-mean"}
    log(later, other)
    assert len(active(tracker)) == 3


def test_a_database_whose_making_was_cut_off_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed:
        def __init__(self, uri: str) -> None:
            Path(uri.removeprefix("sqlite:///")).write_bytes(b"half a database")
            raise KeyboardInterrupt

    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    monkeypatch.chdir(tmp_path)
    with monkeypatch.context() as context:
        context.setattr(mlflow, "MlflowClient", Killed)
        with pytest.raises(KeyboardInterrupt):
            MLflow("emoji")
    log(MLflow("emoji"))
    assert len(active(MLflow("emoji"))) == 1
    assert {file.name for file in tmp_path.glob("mlflow.db*")} == {"mlflow.db"}


@pytest.mark.parametrize(
    "uri",
    ["sqlite:///{folder}/mlflow.db", "http://127.0.0.1:9", "no such scheme"],
    ids=["damaged", "no server", "bad address"],
)
def test_a_broken_store_is_one_sentence_and_stops_nothing(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mlflow.db").write_text("no database")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri.format(folder=tmp_path))
    sentences: list[str] = []
    tracker = open_tracker("emoji", sentences.append)
    for _ in range(2):
        tracker.log_cell(TrackedCell(KEY, SETTINGS, **RESULT))
        tracker.prune()
    (sentence,) = sentences
    assert sentence.startswith("Warning: mlflow logs nothing from here on, the run goes on (")
    assert "upgrade MLflow, move mlflow.db away or mend MLFLOW_TRACKING_URI" in sentence
    assert "\n" not in sentence


def test_a_store_that_breaks_while_it_is_used_is_one_sentence(tracker: MLflow, monkeypatch: pytest.MonkeyPatch) -> None:
    sentences: list[str] = []
    guarded = open_tracker(tracker.dataset, sentences.append)
    monkeypatch.setattr(mlflow.MlflowClient, "create_run", lambda *arguments: 1 / 0)
    for seed in range(3):
        guarded.log_cell(TrackedCell(replace(KEY, seed=seed), SETTINGS, **RESULT))
    assert len(sentences) == 1
    assert "division by zero" in sentences[0]
