"""How many labels are wrong, and which? The label model of `suspects` beside EM, where the truth is known.

    OMP_NUM_THREADS=1 python -m benchmarks.label_model

The 1,797 handwritten digits of scikit-learn, left and right halves as views. Annotators err uniformly; or into the next
class; or look at samples of which some are misleading for everybody (shared). Columns, means over SEEDS draws: the
share of wrong labels in truth, as labels alone say it, labels and features, and EM over the views' labels as methods
have it (label_em.py), which hears the vote; in how many draws the model is certain; AUC of suspicions of the vote and
share of right classes among those that are believed, for the model and EM.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
import torch
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score

from pipeline.core.splits import Array
from pipeline.data.base.annotators import vote
from pipeline.explore.annotators.label_model import by_labels, by_labels_and_features
from pipeline.methods.base.label_em import recover
from pipeline.methods.base.targets import FOLDS, PENALTIES, ROUNDS

SEEDS = 3
CLASSES = 10
RECORD = Path("docs/data/label_model.csv")
CPU = torch.device("cpu")


def uniform(truth: Array, rate: float, annotators: int, rng: np.random.Generator) -> Array:
    """n x A labels; each is drawn anew from all classes with probability rate."""
    shape = (len(truth), annotators)
    return np.where(rng.random(shape) < rate, rng.integers(CLASSES, size=shape), truth[:, None])


def flipped(truth: Array, rate: float, annotators: int, rng: np.random.Generator) -> Array:
    """n x A labels; each is the next class with probability rate."""
    return np.where(rng.random((len(truth), annotators)) < rate, (truth[:, None] + 1) % CLASSES, truth[:, None])


def shared(truth: Array, rate: float, annotators: int, rng: np.random.Generator) -> Array:
    """n x A labels of what each sample looks like, another class with probability rate / 2, with errors beside it."""
    looks = uniform(truth, rate / 2, 1, rng)[:, 0]
    return uniform(looks, rate / 2, annotators, rng)


def crowd(truth: Array, rate: float, annotators: int, rng: np.random.Generator) -> Array:
    """n x A labels, three of each sample, by annotators whose rates go from 0 to twice the given one."""
    rates = np.linspace(0, 2 * rate, annotators)
    table = np.concatenate([uniform(truth, one, 1, rng) for one in rates], axis=1)
    return np.where(rng.random(table.shape).argsort(axis=1).argsort(axis=1) < 3, table, -1)


SCENES: tuple[tuple[str, Callable[..., Array], float, int], ...] = (
    *((f"one label, {rate:g}", uniform, rate, 1) for rate in (0.2, 0.4, 0.6, 0.8)),
    ("one label, next class, 0.3", flipped, 0.3, 1),
    *((f"two labels, {rate:g}", uniform, rate, 2) for rate in (0.4, 0.8)),
    ("two labels, next class, 0.4", flipped, 0.4, 2),
    *((f"{number} labels, shared mistakes, 0.2", shared, 0.2, count) for number, count in (("two", 2), ("three", 3))),
    ("three of 40 annotators, 0.4", crowd, 0.4, 40),
)


def drawn(make: Callable[..., Array], rate: float, annotators: int, seed: int) -> dict[str, Any]:
    """One draw of a scene."""
    pixels, truth = load_digits(return_X_y=True)
    pictures = pixels.astype(np.float32).reshape(-1, 8, 8)
    views = {"left": pictures[:, :, :4].reshape(-1, 32), "right": pictures[:, :, 4:].reshape(-1, 32)}
    table = make(truth, rate, annotators, np.random.default_rng(seed))
    seen = table >= 0
    names = [[str(label) if label >= 0 else "" for label in said] for said in table]
    given = np.array(vote([str(row) for row in range(len(table))], ([""] * annotators, names)), dtype=np.int64)
    rows = np.arange(len(truth))

    def generator() -> torch.Generator:
        return torch.Generator().manual_seed(seed)

    alone = by_labels(table, CLASSES, CPU)
    belief = by_labels_and_features(table, CLASSES, views, generator(), CPU)
    settings: dict[str, Any] = {"rounds": ROUNDS, "folds": FOLDS, "penalties": PENALTIES}
    heard = {"vote": given} if annotators != 2 else {"first": table[:, 0], "second": table[:, 1]}
    before = recover(views, heard, CLASSES, generator=generator(), device=CPU, **settings)

    def wrong(right: list[float]) -> float:
        return 1 - float(np.average(right, weights=seen.sum(axis=0)))

    def found(posterior: Array) -> tuple[float, float]:
        suspicion = 1 - posterior[rows, given]
        return float(roc_auc_score(given != truth, suspicion)), float(np.mean(posterior.argmax(axis=1) == truth))

    (auc, right), (auc_before, right_before) = found(belief.posterior), found(before.posterior)
    return {
        "wrong": float(np.mean((table != truth[:, None])[seen])),
        "labels alone": wrong([one.right for one in alone.annotators]),
        "labels and features": wrong([one.right for one in belief.annotators]),
        "EM": np.nan if annotators > 2 else 1 - float(np.mean(list(before.reliability.values()))),
        "certain": belief.certain,
        "AUC": auc,
        "AUC, EM": auc_before,
        "right": right,
        "right, EM": right_before,
    }


@click.command()
def main() -> None:
    """Print and write the means of every scene."""
    rows = []
    for name, make, rate, annotators in SCENES:
        draws = pd.DataFrame([drawn(make, rate, annotators, seed) for seed in range(SEEDS)])
        rows.append({"labels": name, **draws.mean().to_dict()})
        click.echo(f"{name}: {draws.mean().round(3).to_dict()}")
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_csv(RECORD, index=False, float_format="%.4f")


if __name__ == "__main__":
    main()
