"""MLflow as a view of the cells: one flat run per cell, one summary run per setting, one run with the report's tables
and figures; tables never read from it."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlflow
from filelock import FileLock
from mlflow.entities import LifecycleStage, Metric, Param, ViewType
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from pipeline.core.cells import CellKey
from pipeline.tracking.naming import CELL, EXPERIMENT, MEAN, NOTE, REPORT, cell_name, described, run_name, tags

SQLITE = "sqlite:///"


@dataclass
class Shown:
    """What is known of a run that MLflow has. fingerprint: empty while the run is not complete."""

    run: str
    fingerprint: str
    metrics: Mapping[str, float] = field(default_factory=dict)


class Tracker:
    """Runs of one dataset's experiment; logging a cell again replaces its run, never doubles it."""

    def __init__(self, uri: str, dataset: str, lock: Path) -> None:
        """uri: MLflow's tracking URI; lock: a file that keeps two processes from creating the store at once."""
        self.dataset, self.lock = dataset, FileLock(lock)
        lock.parent.mkdir(parents=True, exist_ok=True)
        with self.lock:
            _make_database(uri)
            self.client = mlflow.MlflowClient(uri)
            self.experiment = self._find_experiment()
        self.runs = {run.data.tags["cell"]: _shown(run) for run in self._search() if "cell" in run.data.tags}
        self.met: set[str] = set()

    def log_cell(
        self,
        key: CellKey,
        settings: Mapping[str, Any],
        result: Mapping[str, Any],
        cost: Mapping[str, Any],
        receipt: Mapping[str, Any] | None,
        scores: Mapping[str, float],
    ) -> None:
        """Parameters, history per epoch and cost of one cell. scores: what is known only later, such as test MAP."""
        cell = cell_name(key)
        if self._has(cell, result["fingerprint"]):
            self._add_scores(self.runs[cell], scores)
            return
        metrics = [(name, value, int(row["epoch"])) for row in result["history"] for name, value in row.items()]
        metrics += [(name, float(cost[name]), 0) for name in ("seconds", "peak_memory", "parameters") if name in cost]
        metrics += [(name, value, 0) for name, value in scores.items()]
        params = {"method": key.method, "variant": key.variant} | dict(settings)
        params |= {} if key.seed is None else {"seed": key.seed}
        if receipt is not None:
            params |= {f"noise_{name}": receipt[name] for name in ("kind", "rate", "per_pair", "hash")}
        told = tags(key, CELL) | {name: result[name] for name in ("fingerprint", "status", "reason")}
        if result["reason"]:
            told[NOTE] = f"{described(key)} The cell {result['status']}: {result['reason']}"
        with self._new_run(cell, run_name(key), told, cost.get("seconds", 0.0)) as shown:
            self._log(shown, metrics, params)

    def log_summary(self, key: CellKey, scores: Mapping[str, float]) -> None:
        """Mean, standard deviation and count over the seeds of one setting (a key without its seed)."""
        cell, fingerprint = f"{cell_name(key)}-mean", repr(sorted(scores.items()))
        if not self._has(cell, fingerprint):
            told = tags(key, MEAN) | {"fingerprint": fingerprint}
            told[NOTE] = f"Mean over {int(scores['n'])} seeds. {described(key)}"
            with self._new_run(cell, f"{run_name(key)}, mean", told) as shown:
                self._log(shown, [(name, value, 0) for name, value in scores.items()], {"method": key.method})

    def log_report(self, files: Sequence[Path]) -> None:
        """Files of the report as artefacts of one run, written anew only when their names or contents change."""
        digest = hashlib.sha256()
        for file in files:
            digest.update(f"{file.parent.name}/{file.name}\n".encode() + file.read_bytes())
        cell, fingerprint = self._report, digest.hexdigest()[:16]
        if not self._has(cell, fingerprint):
            told = {"kind": REPORT, "dataset": self.dataset, "fingerprint": fingerprint}
            told[NOTE] = f"What the report shows of {self.dataset}: see the artefacts."
            with self._new_run(cell, "tables and figures", told) as shown, tempfile.TemporaryDirectory() as folder:
                for file in files:
                    target = Path(folder) / file.parent.name / file.name
                    target.parent.mkdir(exist_ok=True)
                    shutil.copyfile(file, target)
                self.client.log_artifacts(shown.run, folder)

    def prune(self) -> None:
        """Delete the runs of all that was not logged since this tracker was made."""
        for cell in set(self.runs) - self.met:
            self._delete(cell)

    @property
    def _report(self) -> str:
        return f"{self.dataset}/report"

    def _has(self, cell: str, fingerprint: str) -> bool:
        self.met.add(cell)
        return cell in self.runs and self.runs[cell].fingerprint == fingerprint

    def _add_scores(self, shown: Shown, scores: Mapping[str, float]) -> None:
        new = [(name, value, 0) for name, value in scores.items() if shown.metrics.get(_safe(name)) != value]
        if new:
            self._log(shown, new, {})

    @contextmanager
    def _new_run(self, cell: str, name: str, told: Mapping[str, str], seconds: float = 0.0) -> Iterator[Shown]:
        """A run in place of the earlier one of the same cell; it counts once it is left. told: its tags."""
        if cell in self.runs:
            self._delete(cell)
        if not self.experiment:
            self.experiment = self._make_experiment()
        start = _now() - int(1000 * seconds)
        run = self.client.create_run(self.experiment, start, {"cell": cell, **told}, name)
        shown = Shown(run.info.run_id, told["fingerprint"])
        yield shown
        self.client.set_terminated(shown.run)
        self.runs[cell] = shown

    def _find_experiment(self) -> str:
        """Its id, empty where there is none; one that was deleted in MLflow keeps its name taken and is restored."""
        found = self.client.get_experiment_by_name(self.dataset)
        if found is None:
            return ""
        if found.lifecycle_stage == LifecycleStage.DELETED:
            self.client.restore_experiment(found.experiment_id)
        return str(found.experiment_id)

    def _make_experiment(self) -> str:
        with self.lock:
            return self._find_experiment() or str(self.client.create_experiment(self.dataset, tags=EXPERIMENT))

    def _log(self, shown: Shown, metrics: Sequence[tuple[str, float, int]], params: Mapping[str, Any]) -> None:
        now = _now()
        entries = [Metric(_safe(name), value, now, step) for name, value, step in metrics]
        self.client.log_batch(shown.run, entries, [Param(name, str(value)) for name, value in params.items()])
        shown.metrics = {**shown.metrics, **{entry.key: entry.value for entry in entries}}

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
    """A new SQLite database is made beside its place and moved there whole: MLflow cannot go on with one whose making
    was cut off."""
    file = Path(uri.removeprefix(SQLITE))
    if not uri.startswith(SQLITE) or file.exists():
        return
    unfinished = file.with_name(f"{file.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    mlflow.MlflowClient(f"{SQLITE}{unfinished}").search_experiments(max_results=1)
    unfinished.rename(file)


def _shown(run: Any) -> Shown:
    complete = run.info.status == "FINISHED"
    return Shown(run.info.run_id, run.data.tags.get("fingerprint", "") if complete else "", run.data.metrics)


def _safe(name: str) -> str:
    return name.replace("->", " to ")


def _now() -> int:
    return int(time.time() * 1000)
