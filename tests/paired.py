"""Small paired data with classes in it, and the methods at a size that trains in moments."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from pipeline import discovery
from pipeline.contract import Run, Split
from pipeline.methods.base import Method
from pipeline.params import method_settings
from tests.samples import params

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
    "components": [2],
}
"""Overrides of the default block; a method takes those that it knows."""


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


def settings(name: str, **changes: Any) -> dict[str, Any]:
    """The default block of params.yaml, cut down; changes that the method does not know are left out."""
    block = method_settings(params(), name, "default", next(iter(params()["datasets"])))
    return block | {key: value for key, value in {**SMALL, **changes}.items() if key in block}


def make(name: str, **changes: Any) -> Method:
    return discovery.build("pipeline.methods", name, Method, settings(name, **changes))


def run(seed: int = 0) -> Run:
    return Run(seed, CPU)
