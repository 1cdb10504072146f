"""Small paired data with classes in it, and the methods at a size that trains in moments."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pipeline.config.load import load
from pipeline.config.project import Project
from pipeline.core import plugins
from pipeline.core.corruption import Corruption
from pipeline.core.runs import Run
from pipeline.core.splits import Array, Labels, Split
from pipeline.learning.loop import Batch
from pipeline.methods.base import Method
from pipeline.methods.base.deep import Deep, Trained

DIMS = {"image": 12, "text": 8}
THREE = {**DIMS, "cloud": 6}
CLASSES = 3
CPU = torch.device("cpu")
SMALL = {
    "epochs": 2,
    "batch_size": 16,
    "hidden": [16],
    "embedding": 8,
    "learning_rate": 0.003,
    "components": 2,
}
"""Overrides of the block in params.yaml; a method takes those that it knows."""


def split(size: int, seed: int, dims: dict[str, int] | None = None, pull: float = 2.0) -> Split:
    """Class means and a latent that the pair shares, mixed into each view with its own noise; pull parts the means."""
    dims = DIMS if dims is None else dims
    rng, world = np.random.default_rng(seed), np.random.default_rng(99)
    labels = rng.permutation(np.arange(size) % CLASSES)
    shared = pull * np.eye(4)[labels] + 0.5 * rng.standard_normal((size, 4))
    views = {}
    for view, dim in dims.items():
        mixed = shared @ world.standard_normal((4, dim)) + rng.standard_normal((size, dim)) + 1
        views[view] = mixed.astype(np.float32)
    return Split(views, {view: labels.copy() for view in dims}, np.arange(size), CLASSES)


@cache
def project() -> Project:
    """What params.yaml and tuning.yaml describe."""
    return load(Path(__file__).parents[2] / "params.yaml")


def settings(name: str, variant: str = "default", dataset: str = "emoji", **changes: Any) -> dict[str, Any]:
    """What params.yaml gives, cut down; what SMALL names and the method does not know is left out."""
    kind = plugins.find("pipeline.methods", name, Method)
    known = inspect.signature(kind).parameters
    cut = {key: value for key, value in {**SMALL, **changes}.items() if key in known or key not in SMALL}
    return project().settings(name, variant, dataset) | cut


def make(name: str, variant: str = "default", dataset: str = "emoji", **changes: Any) -> Method:
    return plugins.build("pipeline.methods", name, Method, settings(name, variant, dataset, **changes))


def run(seed: int = 0, true: Labels | None = None, valid_noise: Corruption | None = None) -> Run:
    return Run(seed, CPU, valid_noise=valid_noise, true=true)


def fit_in_place(method: Deep[Any], train: Split, valid: Split | None) -> Trained:
    """Fit this very object instead of a copy, so that what its hooks keep can be looked at."""
    return method.train(method.lesson(train, valid, run()), train, run())


def batch_of(data: Split) -> Batch:
    """A whole split as one batch, in float64 for comparisons with a reference."""
    batch = Batch.of(data, CPU)
    return Batch({view: x.double() for view, x in batch.views.items()}, batch.labels, batch.index)


def relabelled(data: Split, seed: int, share: float = 1.0) -> Split:
    """The same samples, a share of the labels of each view drawn anew."""
    rng = np.random.default_rng(seed)
    labels = {}
    for view, clean in data.labels.items():
        labels[view] = np.where(rng.random(len(clean)) < share, rng.integers(0, CLASSES, len(clean)), clean)
    return replace(data, labels=labels)


def slow_map(embeddings: Mapping[str, Array], labels: Labels) -> float:
    """Mean over all directions of the mean average precision by cosine, query by query."""
    maps = []
    for query, gallery in permutations(embeddings, 2):
        precisions = []
        for z, label in zip(embeddings[query], labels[query], strict=True):
            cosines = [z @ c / np.linalg.norm(z) / np.linalg.norm(c) for c in embeddings[gallery]]
            hits = [labels[gallery][i] == label for i in np.argsort(np.negative(cosines), kind="stable")]
            precisions.append(np.mean([sum(hits[: rank + 1]) / (rank + 1) for rank, hit in enumerate(hits) if hit]))
        maps.append(np.mean(precisions))
    return float(np.mean(maps))
