"""MLflow as a view of the cells: one flat run per cell, one summary run per setting; tables never read from it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import mlflow
from filelock import FileLock
from mlflow.entities import Metric, Param, RunTag, ViewType

from pipeline.contract import CellKey


class Tracker:
    """Runs of one dataset's experiment; logging a cell again replaces its run, never doubles it."""

    def __init__(self, uri: str, dataset: str, lock: Path) -> None:
        """uri: MLflow's tracking URI; lock: a file that keeps two processes from creating the store at once."""
        lock.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(lock):
            self.client = mlflow.MlflowClient(uri)
            found = self.client.get_experiment_by_name(dataset)
            self.experiment = found.experiment_id if found else self.client.create_experiment(dataset)
        self.runs = {run.data.tags["cell"]: run for run in self._search() if "cell" in run.data.tags}

    def log_cell(
        self,
        key: CellKey,
        settings: Mapping[str, Any],
        result: Mapping[str, Any],
        cost: Mapping[str, Any],
        receipt: Mapping[str, Any] | None,
    ) -> None:
        """Parameters, history per epoch, duration and noise receipt of one cell."""
        if self._is_logged(_cell(key), result["fingerprint"]):
            return
        tags = _tags(key) | {
            "fingerprint": result["fingerprint"],
            "status": result["status"],
            "reason": result["reason"],
        }
        metrics = [(name, value, int(row["epoch"])) for row in result["history"] for name, value in row.items()]
        metrics += [("seconds", cost["seconds"], 0)] if "seconds" in cost else []
        params = dict(settings)
        if receipt is not None:
            params |= {f"noise_{name}": receipt[name] for name in ("kind", "rate", "per_pair", "hash")}
            metrics += [(f"noise_realised/{view}", rate, 0) for view, rate in receipt["realised"].items()]
        self._replace(key.name, key.method, tags, metrics, params)

    def log_scores(self, key: CellKey, scores: Mapping[str, float]) -> None:
        """Final test scores of a cell that was logged."""
        run = self.runs[_cell(key)]
        if all(run.data.metrics.get(_safe(name)) == value for name, value in scores.items()):
            return
        self.client.log_batch(run.info.run_id, [_metric(name, value, 0) for name, value in scores.items()])

    def log_summary(self, key: CellKey, scores: Mapping[str, float]) -> None:
        """Mean, standard deviation and count over the seeds of one setting (a key without its seed)."""
        name = f"{key.name}-mean"
        fingerprint = repr(sorted(scores.items()))
        if not self._is_logged(f"{_cell(key)}-mean", fingerprint):
            tags = _tags(key) | {"cell": f"{_cell(key)}-mean", "fingerprint": fingerprint, "summary": "true"}
            self._replace(name, key.method, tags, [(n, v, 0) for n, v in scores.items()], {})

    def prune(self, cells: Iterable[CellKey], summaries: Iterable[CellKey]) -> None:
        """Delete the runs of what the grid no longer has."""
        kept = {_cell(key) for key in cells} | {f"{_cell(key)}-mean" for key in summaries}
        for cell in set(self.runs) - kept:
            self.client.delete_run(self.runs.pop(cell).info.run_id)

    def _is_logged(self, cell: str, fingerprint: str) -> bool:
        run = self.runs.get(cell)
        return run is not None and run.data.tags.get("fingerprint") == fingerprint and run.info.status == "FINISHED"

    def _replace(
        self,
        name: str,
        method: str,
        tags: Mapping[str, str],
        metrics: list[tuple[str, float, int]],
        params: Mapping[str, Any],
    ) -> None:
        old = self.runs.pop(tags["cell"], None)
        if old is not None:
            self.client.delete_run(old.info.run_id)
        run = self.client.create_run(self.experiment, run_name=f"{method}-{name}")
        self.client.log_batch(
            run.info.run_id,
            [_metric(*metric) for metric in metrics],
            [Param(setting, str(value)) for setting, value in params.items()],
            [RunTag(tag, value) for tag, value in tags.items()],
        )
        self.client.set_terminated(run.info.run_id)
        self.runs[tags["cell"]] = self.client.get_run(run.info.run_id)

    def _search(self) -> list[Any]:
        return list(self.client.search_runs([self.experiment], run_view_type=ViewType.ACTIVE_ONLY, max_results=50_000))


def _cell(key: CellKey) -> str:
    return f"{key.dataset}/{key.method}/{key.name}"


def _tags(key: CellKey) -> dict[str, str]:
    values = {"method": key.method, "variant": key.variant, "noise": key.noise, "rate": key.rate, "seed": key.seed}
    return {"cell": _cell(key)} | {name: "any" if value is None else str(value) for name, value in values.items()}


def _safe(name: str) -> str:
    return name.replace("->", " to ")


def _metric(name: str, value: float, step: int) -> Metric:
    return Metric(_safe(name), value, int(time.time() * 1000), step)
