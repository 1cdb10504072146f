"""Records -> MLflow: what the train stage did not log itself, final scores, summaries, tables and figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev

import pandas as pd

from pipeline.config.project import Project
from pipeline.core.cells import CellKey
from pipeline.records.reader import Records
from pipeline.tracking.base import TrackedCell, Tracker


def sync(tracker: Tracker, folder: Path, project: Project, dataset: str) -> None:
    """Make the runs of one dataset match its records; a cell restored from a cache gets its run here.

    folder: the records, beside which the report's tables/ and figures/ lie.
    """
    records = Records(folder)
    clean = (records.description(dataset) or {}).get("clean", True)
    receipts = {(r["kind"], r["rate"], r["seed"]): r for r in records.receipts(dataset)}
    groups: dict[CellKey, list[dict[str, float]]] = defaultdict(list)
    grids = project.shown_grids(dataset)
    for method in dict.fromkeys(method for grid in grids for method in grid.methods):
        variants = {variant for grid in grids for variant in grid.methods.get(method, ())}
        epochs = records.epochs(dataset, method)
        for cell in records.recorded_cells(dataset, method):
            key = cell.key
            if key.variant not in variants:
                continue
            scores = {f"test/{name}": value for name, value in cell.maps.items()}
            settings = project.settings(method, key.variant, dataset)
            receipt = receipts.get((key.noise, key.rate, key.seed))
            realised = {} if receipt is None or not clean else receipt["realised"]
            tracker.log_cell(
                TrackedCell(
                    key,
                    settings,
                    cell.status,
                    cell.reason,
                    cell.fingerprint,
                    _history(epochs, key) if key.seed in (None, grids[0].seeds[0]) else [],
                    receipt=receipt,
                    scores=scores | {f"noise_realised/{view}": rate for view, rate in realised.items()},
                )
            )
            groups[replace(key, seed=None)].append(scores)
    for setting, rows in groups.items():
        done = [row for row in rows if row]
        summary = {"n": float(len(done))}
        for name in done[0] if done else ():
            values = [row[name] for row in done]
            summary |= {name: mean(values)} | ({f"{name}/std": stdev(values)} if len(values) > 1 else {})
        tracker.log_summary(setting, summary)
    if files := _shown(folder.parent, project.shown_datasets, dataset):
        tracker.log_report(files)
    tracker.prune()


def _shown(folder: Path, datasets: Iterable[str], dataset: str) -> list[Path]:
    """The tables, as Markdown and CSV, and the figures of one dataset: <dataset>_<what>, where a longer name wins."""
    longer = tuple(f"{name}_" for name in datasets if name.startswith(f"{dataset}_"))
    kinds = (("tables", "md"), ("tables", "csv"), ("figures", "svg"))
    files = [file for part, kind in kinds for file in sorted((folder / part).glob(f"{dataset}_*.{kind}"))]
    return [file for file in files if not file.name.startswith(longer)]


def _history(epochs: pd.DataFrame, key: CellKey) -> list[dict[str, float]]:
    """The recorded epochs of a cell of the first seed, as the train stage logs them."""
    rate = epochs["rate"].isna() if key.rate is None else epochs["rate"] == key.rate
    noise = epochs["noise"].isna() if key.noise is None else epochs["noise"] == key.noise
    rows = epochs[(epochs["variant"] == key.variant) & noise & rate]
    numbers = rows.drop(columns=["method", "variant", "noise", "rate"]).to_dict("records")
    return [{str(name): float(value) for name, value in row.items() if not pd.isna(value)} for row in numbers]
