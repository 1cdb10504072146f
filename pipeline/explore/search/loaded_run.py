"""A trained cell together with the extractors that make its features."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pipeline.config.project import Project
from pipeline.core import plugins as discovery
from pipeline.core.cells import CellKey
from pipeline.core.criteria import CRITERIA
from pipeline.core.datasets import RawDataset
from pipeline.core.errors import BadInput, UnknownName
from pipeline.core.splits import Array
from pipeline.data.base import store as rawstore
from pipeline.explore.search.user_input import Form, Forms
from pipeline.features.base import Extractor, Progress, Samples
from pipeline.methods.base import Embedder, Method
from pipeline.runs.finished_cell import MODEL
from pipeline.runs.models import read_model

WITNESSES = 8
"""Test samples per view on which a rebuilt extractor is compared with the one before."""
TOLERANCE = 0.003
"""Of the largest number in their embeddings: more than another kind of device changes, less than other settings do."""
REMEDY = "name one below data/runs, or run `dvc repro` to train it"


@dataclass(frozen=True)
class Trained:
    """forms: how the samples of every view look; fitted: view -> its extractor, fitted where it learns anything;
    digest: of the model's file; raw, test: the dataset that it was trained on and the embeddings of its test split,
    view -> n x m, where these are at hand."""

    method: Method
    embedder: Embedder
    key: CellKey
    forms: Forms
    fitted: Callable[[str], Extractor]
    class_names: Sequence[str]
    digest: str
    device: torch.device
    raw: RawDataset | None = None
    test: Mapping[str, Array] = field(default_factory=dict)

    def embed(self, view: str, samples: Samples, progress: Progress) -> Array:
        """n samples of a view -> n x m in the common space."""
        return self.embedder.transform({view: self.features(view, samples, progress)})[view]

    def features(self, view: str, samples: Samples, progress: Progress) -> Array:
        """n samples of a view -> n x d, as the method was trained on them."""
        return self.fitted(view).transform(samples, self.device, progress)


def of_run(project: Project, run: Path, raws: Path, seed: int, device: torch.device) -> Trained:
    """The cell in a folder that training wrote. raws: folder of the raw datasets, of which the one it was trained on
    is read; extractors are fitted on its training samples when they are first asked for, with seed. One that does not
    lead to the embeddings of the run is refused: settings or samples have changed since."""
    file = model_file(run)
    method, embedder, key = read_model(file, device)
    raw = rawstore.read(raws / key.dataset)
    with np.load(run / f"{headline(run)}.npz", allow_pickle=False) as stored:
        test = {view: stored[view] for view in stored}
    extractors = project.extractors_of(key.dataset)
    for view in extractors:
        if view not in raw.views:
            raise UnknownName(view, raw.views, f"params.yaml, datasets.{key.dataset}.views")
    rows = np.flatnonzero(raw.split == "train")

    @cache
    def fitted(view: str) -> Extractor:
        chosen = extractors[view]
        extractor = discovery.build("pipeline.features", chosen.name, Extractor, chosen.settings)
        extractor.fit(_samples(raw, view, rows), seed)
        witnesses = extractor.transform(test_samples(raw, view), device, lambda done, total: None)
        expected, found = test[view][:WITNESSES], embedder.transform({view: witnesses})[view]
        if found.shape != expected.shape or np.abs(found - expected).max() > TOLERANCE * np.abs(expected).max():
            what = f"view '{view}' as params.yaml and data/raw have it now does not give the embeddings of this run"
            raise BadInput(what, str(run), "restore params.yaml, or run `dvc repro` to train again")
        return extractor

    forms = {view: Form.of(raw.views[view]) for view in extractors}
    return Trained(method, embedder, key, forms, fitted, raw.class_names, digest(file), device, raw, test)


def test_samples(raw: RawDataset, view: str) -> Samples:
    """The first WITNESSES samples of the test split."""
    return _samples(raw, view, np.flatnonzero(raw.split == "test")[:WITNESSES])


def _samples(raw: RawDataset, view: str, rows: Array) -> Samples:
    samples = raw.views[view].samples
    return samples[rows] if isinstance(samples, np.ndarray) else [samples[int(row)] for row in rows]


def headline(run: Path) -> str:
    """The criterion whose state the model of a finished cell is: the first one that it has embeddings of."""
    found = [name for name in CRITERIA if (run / f"{name}.npz").is_file()]
    if not found:
        raise BadInput("there are no embeddings beside the model", str(run), REMEDY)
    return found[0]


def result_of(run: Path) -> dict[str, Any]:
    """What training wrote down about a finished cell."""
    try:
        found = json.loads((run / "result.json").read_text(encoding="utf-8"))
        return {name: found[name] for name in ("status", "reason", "key", "fingerprint")}
    except (OSError, ValueError, KeyError, TypeError):
        raise BadInput("this is no folder of a finished cell", str(run), REMEDY) from None


def model_file(run: Path) -> Path:
    """The model that a finished cell keeps; a cell without one says why."""
    result = result_of(run)
    if (run / MODEL).is_file():
        return run / MODEL
    if result["status"] != "done":
        raise BadInput(f"the cell was {result['status']}: {result['reason']}", str(run), "choose another cell")
    seed = result["key"]["seed"]
    remedy = "choose the one of the experiment's first seed, or train again with `dvc repro`"
    raise BadInput(f"the cell of seed {seed} keeps no model", str(run), remedy)


def digest(file: Path) -> str:
    """SHA-256 of a file in hexadecimal digits."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
