"""A project of a few samples with one trained cell: pictures, texts, clouds and features of three classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from pipeline.config.load import parse
from pipeline.core import plugins
from pipeline.core.cells import DONE, CellKey
from pipeline.core.criteria import BEST_VALIDATION
from pipeline.core.datasets import RawDataset, RawView
from pipeline.core.runs import Run
from pipeline.data.base import store as rawstore
from pipeline.explore.search.loaded_run import LoadedRun, load_run
from pipeline.features.base import Extractor, extract
from pipeline.features.base import store as featurestore
from pipeline.methods.base import Method
from pipeline.runs.finished_cell import MODEL, FinishedCell, write_result
from pipeline.runs.models import write_model
from tests.support import tiny

CPU = torch.device("cpu")
SETTINGS = {"ridge": 0.1, "components": 2}
CLASSES = ["cat", "dog", "fish"]
RUN = Path("data/runs/emoji/mcca/default-any-any")
PAIRED = {"image": "pixels", "text": "doc2vec"}
SOLID = {"image": "pixels", "cloud": "dgcnn"}


def params(views: dict[str, str]) -> dict[str, Any]:
    given = tiny.params()
    given["datasets"]["emoji"]["views"] = views
    given["extractors"] = {
        "pixels": {},
        "doc2vec": {"dimension": 6, "epochs": 10},
        "lda": {"topics": 3, "iterations": 5, "max_vocabulary": 50},
        "dgcnn": {"weights": None, "points": 24, "batch_size": 8},
        "identity": {},
    }
    return given


def raw() -> RawDataset:
    rng = np.random.default_rng(0)
    split = np.repeat(list(tiny.SIZES), list(tiny.SIZES.values()))
    labels = np.arange(len(split)) % len(CLASSES)
    pictures = rng.integers(0, 60, (len(split), 8, 8))
    pictures[np.arange(len(split)), labels * 2] += 180
    words = {0: "cat purr milk soft", 1: "dog bark bone run", 2: "fish swim sea wet"}
    texts = [f"{words[label]} number{row}" for row, label in enumerate(labels)]
    clouds = rng.uniform(-0.5, 0.5, (len(split), 32, 3)) * (1, 0.2, 0.6)
    clouds[labels == 1] = clouds[labels == 1][:, :, [1, 0, 2]]
    return RawDataset(
        ids=[f"id{row}" for row in range(len(split))],
        views={
            "image": RawView("image", pictures.astype(np.uint8)),
            "text": RawView("text", texts),
            "cloud": RawView("cloud", clouds.astype(np.float32)),
            "numbers": RawView("features", rng.standard_normal((len(split), 4)).astype(np.float32)),
        },
        labels=labels,
        split=split,
        concept=[f"id{row}" for row in range(len(split))],
        class_names=CLASSES,
    )


def made(root: Path, views: dict[str, str] = PAIRED) -> dict[str, Any]:
    """Write params.yaml, the raw samples, their features and a run below root; give the parameters."""
    given, samples = params(views), raw()
    (root / "params.yaml").write_text(yaml.safe_dump(given), encoding="utf-8")
    rawstore.write(samples, root / "data/raw/emoji")
    features = {
        view: extract(
            plugins.build("pipeline.features", name, Extractor, given["extractors"][name]),
            samples.views[view],
            samples.split == "train",
            0,
            CPU,
            lambda done, total: None,
        )
        for view, name in views.items()
    }
    stored = root / "data/features/emoji"
    featurestore.write(stored, features, samples.labels, samples.split, CLASSES, views)
    splits = featurestore.read(stored).splits
    method = plugins.build("pipeline.methods", "mcca", Method, SETTINGS)
    embedder = method.fit(splits["train"], splits["valid"], Run(0, CPU)).at(BEST_VALIDATION)
    run, key = root / RUN, CellKey("emoji", "mcca", "default", None, None, None)
    run.mkdir(parents=True)
    write_model(run / MODEL, embedder, key, SETTINGS)
    np.savez(run / f"{BEST_VALIDATION}.npz", allow_pickle=False, **embedder.transform(splits["test"].views))
    write_result(FinishedCell(run, key, DONE, "", "c0de", "f00d", "f", None, [], None))
    return given


def loaded(root: Path, views: dict[str, str] = PAIRED) -> LoadedRun:
    return load_run(parse(made(root, views)), FinishedCell.read(root / RUN), root / "data/raw", CPU)
