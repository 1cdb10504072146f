"""What the runs of a dataset are called in MLflow: names, tags to group and filter by, a sentence that explains."""

from __future__ import annotations

from pipeline.core.cells import CellKey

CELL, MEAN, REPORT = "cell", "mean", "report"
"""The tag `kind`: a trained cell, the mean over the seeds of a setting, what the report shows of the dataset."""
NOTE = "mlflow.note.content"
"""The tag that MLflow shows as the description."""
EXPERIMENT = {
    NOTE: "A run with `kind` = `cell` is one cell of the grid: a method and variant, a rate of label noise, a seed. "
    "`mean` is the mean over the seeds of a setting, `report` holds tables and figures as artefacts. "
    'Filter `tags.kind = "cell"` and group by the tags `method` and `rate`.',
    "mlflow.experimentKind": "custom_model_development",
}
"""Tags of the experiment; the kind spares people MLflow's question for it."""


def cell_name(key: CellKey) -> str:
    """The tag `cell`, one of its kind: what a run is found again by."""
    return f"{key.dataset}/{key.method}/{key.name}"


def run_name(key: CellKey) -> str:
    """E.g. 'mrl (authors_code), symmetric 0.4, seed 0'."""
    noise = [] if key.noise is None else [f"{key.noise} {key.rate}"]
    seed = [] if key.seed is None else [f"seed {key.seed}"]
    return ", ".join([_method(key), *noise, *seed])


def described(key: CellKey) -> str:
    """One sentence for people."""
    free = "no labels, so it holds at every noise rate"
    noise = free if key.noise is None else f"{key.noise} noise at rate {key.rate}"
    seed = "" if key.seed is None else f", seed {key.seed}"
    return f"{_method(key)} trained on {key.dataset} with {noise}{seed}."


def tags(key: CellKey, kind: str) -> dict[str, str]:
    """The parts of the key; 'any' where a cell has none, so that it stays in its group."""
    values = {"method": key.method, "variant": key.variant, "noise": key.noise, "rate": key.rate, "seed": key.seed}
    named = {name: "any" if value is None else str(value) for name, value in values.items()}
    return named | {"kind": kind, "dataset": key.dataset, NOTE: described(key)}


def _method(key: CellKey) -> str:
    return key.method if key.variant == "default" else f"{key.method} ({key.variant})"
