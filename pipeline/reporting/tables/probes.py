"""How much of the classes stands in the features before any method is trained."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.reporting.results.results import Results
from pipeline.reporting.tables.table import Column, Number, Row, Table, decimal

PRETRAINED, RANDOM = "DGCNN (parametric shapes)", "DGCNN (random)"
_DIGITS = 3


def probes(results: Results) -> Table:
    """Extractors view by view with the test accuracy of a linear classifier on their features."""
    used, rows, notes = "the features that the methods get", [], []
    for view in dict.fromkeys(probe["view"] for probe in results.probes):
        tried = [probe for probe in results.probes if probe["view"] == view]
        for probe in tried:
            cells = [Number(float(probe["accuracy"])), Number(probe["dimension"])]
            rows.append(Row(f"{view}: {probe['extractor']}", cells, used if probe["used"] else None))
        accuracies = {probe["extractor"]: float(probe["accuracy"]) for probe in tried}
        notes += [_pretraining(accuracies)] if {PRETRAINED, RANDOM} <= set(accuracies) else []
    return Table(
        name=f"{results.dataset.name}_probes",
        title=f"{results.dataset.display}, linear probes of the features",
        caption="Test accuracy of a linear classifier (logistic regression) that is trained on the features with clean "
        f"training labels: how much of the classes the features hold before any method is trained.{_majority(results)}",
        stub="view and extractor",
        levels=("measure",),
        columns=[Column(("accuracy",), ranked=False), Column(("dimension",), ranked=False, decimals=0)],
        rows=rows,
        notes=notes,
        decimals=_DIGITS,
    )


def _majority(results: Results) -> str:
    """What a constant guess reaches, a sentence after others; empty where it was not recorded."""
    majority = (results.description or {}).get("majority")
    if majority is None:
        return ""
    return f" Always guessing the largest class is right for {decimal(majority, _DIGITS)} of the test samples."


def _pretraining(accuracies: Mapping[str, float]) -> str:
    shapes, chance = (decimal(accuracies[name], _DIGITS) for name in (PRETRAINED, RANDOM))
    if shapes == chance:
        return f"Pre-training DGCNN on parametric shapes makes no difference to random initialisation: both {shapes}."
    better = accuracies[PRETRAINED] > accuracies[RANDOM]
    return (
        f"Pre-training DGCNN on parametric shapes {'beats' if better else 'does worse than'} random initialisation: "
        f"{shapes} against {chance}. The shapes are generated solids and strokes; some strokes look like digits."
    )
