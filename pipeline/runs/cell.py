"""One cell: fit a method on noisy labels and embed the test split in every state that was kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.core.errors import Diverged
from pipeline.core.runs import Run
from pipeline.core.splits import Embeddings, Labels, Split
from pipeline.methods.base import Method

if TYPE_CHECKING:
    import torch

    from pipeline.noise.base import Corruption

WATCHED_SEED = 0
"""The seed whose training is looked at closely; following every seed would cost a fifth of the time."""


def run_cell(
    method: Method,
    train: Split,
    valid: Split | None,
    test: Split,
    noise: Corruption | None,
    seed: int,
    device: torch.device,
) -> tuple[dict[str, Any], dict[str, Embeddings]]:
    """Give the cell's result and, per selection criterion, the test embeddings.

    noise: None for a label-free method, which is shown zeros for labels. Clean training labels only tell,
    for the seed that is watched, how much was memorised. A cell whose loss diverges is failed.
    """
    watch = None
    if noise is None:
        given = replace(train, labels={view: np.zeros_like(y) for view, y in train.labels.items()})
    else:
        moved = {view: train.views[view][rows] for view, rows in noise.rows.items()}
        clean = {view: y[noise.rows[view]] if view in moved else y for view, y in train.labels.items()}
        given = replace(train, views={**train.views, **moved}, labels=noise.labels)
        watch = _memorisation(noise.labels, clean) if seed == WATCHED_SEED else None
    try:
        method.fit(given, valid, Run(seed, device, watch))
    except Diverged as error:
        return {"status": "failed", "reason": str(error), "history": []}, {}
    embeddings = {criterion: method.select(criterion).transform(test.views) for criterion in method.criteria_}
    if not all(np.isfinite(z).all() for views in embeddings.values() for z in views.values()):
        return {"status": "failed", "reason": "the test embeddings are not finite.", "history": []}, {}
    found = method.label_noise()
    result = {"status": "done", "reason": "", "history": method.history_}
    return result | ({"label_noise": asdict(found)} if found else {}), embeddings


def skipped(reason: str) -> tuple[dict[str, Any], dict[str, Embeddings]]:
    """The result of a cell that the method cannot be fitted on."""
    return {"status": "skipped", "reason": reason, "history": []}, {}


def write_cell(folder: Path, result: dict[str, Any], embeddings: dict[str, Embeddings]) -> None:
    (folder / "result.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for criterion, views in embeddings.items():
        np.savez(folder / f"{criterion}.npz", allow_pickle=False, **views)


def _memorisation(given: Labels, clean: Labels) -> Callable[[Labels], dict[str, float]]:
    """Accuracy on given labels that are right, on given labels that are wrong, and on the true labels of the latter."""
    wrong = np.concatenate([given[view] != clean[view] for view in given])
    told, true = (np.concatenate([labels[view] for view in given]) for labels in (given, clean))

    def diagnose(predicted: Labels) -> dict[str, float]:
        guess = np.concatenate([predicted[view] for view in given])
        row = {}
        if not wrong.all():
            row["accuracy/clean"] = float(np.mean((guess == told)[~wrong]))
        if wrong.any():
            row["accuracy/corrupted"] = float(np.mean((guess == told)[wrong]))
            row["accuracy/recovered"] = float(np.mean((guess == true)[wrong]))
        return row

    return diagnose
