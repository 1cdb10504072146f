"""Records -> MLflow: what the train stage did not log itself, final scores, a summary per setting."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev

import pandas as pd

from pipeline.contract import CellKey
from pipeline.evaluation.scoring import by_cell
from pipeline.params import Params, method_settings
from pipeline.reporting.info import shown_grid
from pipeline.reporting.records import Records
from pipeline.training.tracking import Tracker


def sync(tracker: Tracker, folder: Path, params: Params, dataset: str) -> None:
    """Make the runs of one dataset match its records; a cell restored from a cache gets its run here."""
    records = Records(folder)
    receipts = {(r["kind"], r["rate"], r["seed"]): r for r in records.receipts(dataset)}
    groups: dict[CellKey, list[dict[str, float]]] = defaultdict(list)
    cells = []
    for method, variants in shown_grid(params, dataset)["methods"].items():
        recorded, epochs = records.cells(dataset, method), records.epochs(dataset, method)
        first = recorded["seed"].min()
        for key, facts, scores in by_cell(recorded[recorded["variant"].isin(list(variants))]):
            cells.append(key)
            settings = method_settings(params, method, key.variant, dataset)
            receipt = receipts.get((key.noise, key.rate, key.seed))
            history = _history(epochs, key) if key.seed in (None, first) else []
            tracker.log_cell(key, settings, {**facts, "history": history}, {}, receipt)
            tracker.log_scores(key, scores)
            groups[replace(key, seed=None)].append(scores)
    for setting, rows in groups.items():
        done = [row for row in rows if row]
        summary = {"n": float(len(done))}
        for name in done[0] if done else ():
            values = [row[name] for row in done]
            summary |= {name: mean(values)} | ({f"{name}/std": stdev(values)} if len(values) > 1 else {})
        tracker.log_summary(setting, summary)
    tracker.prune(cells, groups)


def _history(epochs: pd.DataFrame, key: CellKey) -> list[dict[str, float]]:
    """The recorded epochs of a cell of the first seed, as the train stage logs them."""
    rate = epochs["rate"].isna() if key.rate is None else epochs["rate"] == key.rate
    rows = epochs[(epochs["variant"] == key.variant) & (epochs["noise"] == (key.noise or "")) & rate]
    numbers = rows.drop(columns=["variant", "noise", "rate"]).to_dict("records")
    return [{str(name): float(value) for name, value in row.items() if not pd.isna(value)} for row in numbers]
