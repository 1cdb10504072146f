"""A trained cell together with the extractors that make its features."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch

from pipeline import discovery, rawstore
from pipeline.contract import Array, CellKey, RawDataset
from pipeline.errors import BadInput, UnknownName
from pipeline.features.base import Extractor, Progress, Samples
from pipeline.gallery.reading import Form, Forms
from pipeline.methods.base import Method
from pipeline.params import Params, block
from pipeline.training.models import MODEL, read_model
from pipeline.training.run import WATCHED_SEED


@dataclass(frozen=True)
class Trained:
    """forms: how the samples of every view look; fitted: view -> its extractor, fitted where it learns anything;
    digest: of the model's file; raw: the dataset that it was trained on, where that is at hand."""

    method: Method
    key: CellKey
    forms: Forms
    fitted: Callable[[str], Extractor]
    class_names: Sequence[str]
    digest: str
    device: torch.device
    raw: RawDataset | None = None

    def embed(self, view: str, samples: Samples, progress: Progress) -> Array:
        """n samples of a view -> n x m in the common space."""
        return self.method.transform({view: self.features(view, samples, progress)})[view]

    def features(self, view: str, samples: Samples, progress: Progress) -> Array:
        """n samples of a view -> n x d, as the method was trained on them."""
        return self.fitted(view).transform(samples, self.device, progress)


def of_run(params: Params, run: Path, raws: Path, seed: int, device: torch.device) -> Trained:
    """The cell in a folder that training wrote. raws: folder of the raw datasets, of which the one it was trained on
    is read; extractors are fitted on its training samples when they are first asked for, with seed."""
    file = model_file(run)
    method, key = read_model(file, device)
    raw = rawstore.read(raws / key.dataset)
    names = block(params, "datasets", key.dataset, "views")
    for view in names:
        if view not in raw.views:
            raise UnknownName(view, raw.views, f"params.yaml, datasets.{key.dataset}.views")
    rows = np.flatnonzero(raw.split == "train")

    @cache
    def fitted(view: str) -> Extractor:
        name, samples = names[view], raw.views[view].samples
        extractor = discovery.build("pipeline.features", name, Extractor, block(params, "extractors", name))
        some = samples[rows] if isinstance(samples, np.ndarray) else [samples[int(row)] for row in rows]
        return extractor.fit(some, seed)

    forms = {view: Form.of(raw.views[view]) for view in names}
    return Trained(method, key, forms, fitted, raw.class_names, digest(file), device, raw)


def model_file(run: Path) -> Path:
    """The model that a finished cell keeps; a cell without one says why."""
    if (run / MODEL).is_file():
        return run / MODEL
    try:
        result = json.loads((run / "result.json").read_text(encoding="utf-8"))
        status, reason, seed = result["status"], result["reason"], result["key"]["seed"]
    except (OSError, ValueError, KeyError, TypeError):
        what = "this is no folder of a finished cell"
        remedy = "name one below data/runs, or run `dvc repro` to train it"
        raise BadInput(what, str(run), remedy) from None
    if status != "done":
        raise BadInput(f"the cell was {status}: {reason}", str(run), "choose another cell")
    what = f"the cell of seed {seed} keeps no model" if seed != WATCHED_SEED else "the cell keeps no model"
    raise BadInput(what, str(run), f"choose the one of seed {WATCHED_SEED}, or train again with `dvc repro`")


def digest(file: Path) -> str:
    """SHA-256 of a file in hexadecimal digits."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
