"""MLflow as a view of the cells: a flat run per cell, a summary run per setting, a run with the report's tables."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")  # a server that is not there is told within seconds

import mlflow
from filelock import FileLock
from mlflow.entities import LifecycleStage, Metric, Param, ViewType
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from pipeline.core.cells import CellKey
from pipeline.tracking.base import TrackedCell, Tracker
from pipeline.tracking.base.naming import (
    CELL,
    EXPERIMENT,
    MEAN,
    NOTE,
    REPORT,
    cell_name,
    described,
    run_name,
    tags,
)

SQLITE = "sqlite:///"
DEFAULT_URI = "sqlite:///mlflow.db"
"""The database at the root that a bare `mlflow ui` opens."""
LOCK = Path(".cells") / "mlflow.lock"
"""A file that keeps two processes from creating the store at once."""


@dataclass
class LoggedRun:
    """A run that MLflow has. fingerprint: empty while the run is not complete."""

    run: str
    fingerprint: str
    metrics: Mapping[str, float] = field(default_factory=dict)


class MLflow(Tracker):
    """An experiment per dataset at MLFLOW_TRACKING_URI, or in mlflow.db at the root."""

    remedy: ClassVar[str] = (
        "upgrade MLflow, move mlflow.db away or mend MLFLOW_TRACKING_URI, then run `dvc repro -s -f report`"
    )

    def __init__(self, dataset: str) -> None:
        self.dataset, self.lock = dataset, FileLock(LOCK)
        LOCK.parent.mkdir(parents=True, exist_ok=True)
        uri = os.environ.get("MLFLOW_TRACKING_URI", DEFAULT_URI)
        with self.lock:
            _make_database(uri)
            self.client = mlflow.MlflowClient(uri)
            self.experiment = self._find_experiment()
        self.runs = {run.data.tags["cell"]: _logged(run) for run in self._search() if "cell" in run.data.tags}
        self.met: set[str] = set()

    def log_cell(self, cell: TrackedCell) -> None:
        name = cell_name(cell.key)
        if self._has(name, cell.fingerprint):
            self._add_scores(self.runs[name], cell.scores)
            return
        metrics = [(metric, value, int(row["epoch"])) for row in cell.history for metric, value in row.items()]
        measured = ("seconds", "peak_memory", "parameters")
        metrics += [(metric, float(cell.cost[metric]), 0) for metric in measured if metric in cell.cost]
        metrics += [(metric, value, 0) for metric, value in cell.scores.items()]
        params = {"method": cell.key.method, "variant": cell.key.variant} | dict(cell.settings)
        params |= {} if cell.key.seed is None else {"seed": cell.key.seed}
        if cell.receipt is not None:
            params |= {f"noise_{part}": cell.receipt[part] for part in ("kind", "rate", "per_pair", "hash")}
        labels = tags(cell.key, CELL)
        labels |= {"fingerprint": cell.fingerprint, "status": cell.status, "reason": cell.reason}
        if cell.reason:
            labels[NOTE] = f"{described(cell.key)} The cell {cell.status}: {cell.reason}"
        with self._new_run(name, run_name(cell.key), labels, cell.cost.get("seconds", 0.0)) as run:
            self._log(run, metrics, params)

    def log_summary(self, key: CellKey, scores: Mapping[str, float]) -> None:
        cell, fingerprint = f"{cell_name(key)}-mean", repr(sorted(scores.items()))
        if not self._has(cell, fingerprint):
            labels = tags(key, MEAN) | {"fingerprint": fingerprint}
            labels[NOTE] = f"Mean over {int(scores['n'])} seeds. {described(key)}"
            with self._new_run(cell, f"{run_name(key)}, mean", labels) as run:
                self._log(run, [(name, value, 0) for name, value in scores.items()], {"method": key.method})

    def log_report(self, files: Sequence[Path]) -> None:
        """One run has the files as artefacts, written anew only when their names or contents change."""
        digest = hashlib.sha256()
        for file in files:
            digest.update(f"{file.parent.name}/{file.name}\n".encode() + file.read_bytes())
        cell, fingerprint = self._report, digest.hexdigest()[:16]
        if not self._has(cell, fingerprint):
            labels = {"kind": REPORT, "dataset": self.dataset, "fingerprint": fingerprint}
            labels[NOTE] = f"The report's tables and figures of {self.dataset}: see the artefacts."
            with self._new_run(cell, "tables and figures", labels) as run, tempfile.TemporaryDirectory() as folder:
                for file in files:
                    target = Path(folder) / file.parent.name / file.name
                    target.parent.mkdir(exist_ok=True)
                    shutil.copyfile(file, target)
                self.client.log_artifacts(run.run, folder)

    def prune(self) -> None:
        for cell in set(self.runs) - self.met:
            self._delete(cell)

    @property
    def _report(self) -> str:
        return f"{self.dataset}/report"

    def _has(self, cell: str, fingerprint: str) -> bool:
        self.met.add(cell)
        return cell in self.runs and self.runs[cell].fingerprint == fingerprint

    def _add_scores(self, run: LoggedRun, scores: Mapping[str, float]) -> None:
        new = [(name, value, 0) for name, value in scores.items() if run.metrics.get(_safe(name)) != value]
        if new:
            self._log(run, new, {})

    @contextmanager
    def _new_run(self, cell: str, name: str, labels: Mapping[str, str], seconds: float = 0.0) -> Iterator[LoggedRun]:
        """A run in place of the earlier one of the same cell; it counts once it is left. labels: its tags."""
        if cell in self.runs:
            self._delete(cell)
        if not self.experiment:
            self.experiment = self._make_experiment()
        start = _now() - int(1000 * seconds)
        made = self.client.create_run(self.experiment, start, {"cell": cell, **labels}, name)
        run = LoggedRun(made.info.run_id, labels["fingerprint"])
        yield run
        self.client.set_terminated(run.run)
        self.runs[cell] = run

    def _find_experiment(self) -> str:
        """Its id, empty where there is none; one that was deleted in MLflow keeps its name taken and is restored."""
        experiment = self.client.get_experiment_by_name(self.dataset)
        if experiment is None:
            return ""
        if experiment.lifecycle_stage == LifecycleStage.DELETED:
            self.client.restore_experiment(experiment.experiment_id)
        return str(experiment.experiment_id)

    def _make_experiment(self) -> str:
        with self.lock:
            return self._find_experiment() or str(self.client.create_experiment(self.dataset, tags=EXPERIMENT))

    def _log(self, run: LoggedRun, metrics: Sequence[tuple[str, float, int]], params: Mapping[str, Any]) -> None:
        now = _now()
        entries = [Metric(_safe(name), value, now, step) for name, value, step in metrics]
        self.client.log_batch(run.run, entries, [Param(name, str(value)) for name, value in params.items()])
        run.metrics = {**run.metrics, **{entry.key: entry.value for entry in entries}}

    def _delete(self, cell: str) -> None:
        run = self.runs.pop(cell).run
        if cell == self._report:
            get_artifact_repository(self.client.get_run(run).info.artifact_uri).delete_artifacts()
        self.client.delete_run(run)

    def _search(self) -> list[Any]:
        if not self.experiment:
            return []
        return list(self.client.search_runs([self.experiment], run_view_type=ViewType.ACTIVE_ONLY, max_results=50_000))


def _make_database(uri: str) -> None:
    """Make a new SQLite database beside its place and move it there whole.

    MLflow cannot go on with one whose making was cut off.
    """
    file = Path(uri.removeprefix(SQLITE))
    if not uri.startswith(SQLITE) or file.exists():
        return
    unfinished = file.with_name(f"{file.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    mlflow.MlflowClient(f"{SQLITE}{unfinished}").search_experiments(max_results=1)
    unfinished.rename(file)


def _logged(run: Any) -> LoggedRun:
    complete = run.info.status == "FINISHED"
    return LoggedRun(run.info.run_id, run.data.tags.get("fingerprint", "") if complete else "", run.data.metrics)


def _safe(name: str) -> str:
    return name.replace("->", " to ")


def _now() -> int:
    return int(time.time() * 1000)
