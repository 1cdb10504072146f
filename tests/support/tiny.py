"""A dataset of a few samples and a grid of a few cells, for tests that train or store something."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config.load import parse
from pipeline.config.project import Project
from pipeline.core.splits import Array
from pipeline.features.base import store as featurestore
from pipeline.features.base.store import Features

CLASSES = 3
SIZES = {"train": 24, "valid": 9, "test": 12}
EXTRACTORS = {"image": "pixels", "text": "doc2vec"}
_PARAMS: dict[str, Any] = {
    "experiments": [
        {
            "name": "default",
            "datasets": ["emoji"],
            "methods": ["mcca", "ce"],
            "noises": ["symmetric"],
            "rates": [0.2],
            "seeds": [0],
        }
    ],
    "datasets": {"emoji": {"load": {"seed": 0}, "views": dict(EXTRACTORS)}},
    "extractors": {"pixels": {}, "doc2vec": {"dimension": 4, "epochs": 1}},
    "noises": {"symmetric": {}},
    "methods": {
        "mcca": {"default": {"ridge": 0.1, "components": 2}},
        "ce": {
            "default": {"epochs": 2, "batch_size": 8, "learning_rate": 0.001, "hidden": [4], "embedding": 4},
        },
    },
}


def params() -> dict[str, Any]:
    """A params.yaml of its own for every test."""
    return copy.deepcopy(_PARAMS)


def experiment(**changes: Any) -> dict[str, Any]:
    """A params.yaml whose experiment differs in these."""
    changed = params()
    changed["experiments"][0] |= changes
    return changed


def with_dataset(name: str, block: dict[str, Any]) -> dict[str, Any]:
    """A params.yaml that has one more dataset, without views unless the block gives them."""
    changed = params()
    changed["datasets"][name] = {"views": {}} | block
    return changed


def project(params: dict[str, Any] | None = None) -> Project:
    """The project that a params.yaml describes, the tiny one by itself."""
    return parse(copy.deepcopy(_PARAMS) if params is None else params)


def arrays(seed: int = 0) -> tuple[dict[str, Array], Array, Array]:
    """Views, labels and split names of one small dataset."""
    rng = np.random.default_rng(seed)
    split = np.repeat(list(SIZES), list(SIZES.values()))
    labels = np.arange(len(split)) % CLASSES
    views = {
        view: (rng.standard_normal((CLASSES, width))[labels] + rng.standard_normal((len(split), width))).astype("f4")
        for view, width in (("image", 5), ("text", 4))
    }
    return views, labels, split


def store(folder: Path, **changes: Any) -> None:
    views, labels, split = arrays()
    given = {"views": views, "labels": labels, "split": split, "class_names": list("abc"), "extractors": EXTRACTORS}
    featurestore.write(folder, **(given | changes))


def features(folder: Path) -> Features:
    store(folder)
    return featurestore.read(folder)
