"""A trained cell together with the extractors that make its features."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import torch

from pipeline.config.project import Project
from pipeline.core import plugins
from pipeline.core.cells import DONE, CellKey
from pipeline.core.datasets import RawDataset
from pipeline.core.errors import BadInput, UnknownName
from pipeline.core.files import sha256
from pipeline.core.progress import Progress, quiet
from pipeline.core.splits import Array
from pipeline.data.base import store as raw_store
from pipeline.explore.search.user_input import Form, Forms
from pipeline.features.base import EXTRACTION_SEED, Extractor
from pipeline.methods.base import Embedder, Method
from pipeline.runs.finished_cell import FinishedCell
from pipeline.runs.models import read_model
from pipeline.samples.base import Samples
from pipeline.samples.base.sample_files import in_memory, take

CHECKED = 8
"""Test samples per view on which a rebuilt extractor is compared with the one before."""
TOLERANCE = 0.003
"""Of the largest number in their embeddings: more than another kind of device changes, less than other settings do."""


@dataclass(frozen=True)
class LoadedRun:
    """A method in its headline state that embeds raw samples.

    forms: how the samples of every view look; extractor: view -> its fitted extractor; digest: SHA-256 of the model's
    file; raw, test: the dataset that it was trained on and the embeddings of its test split, view -> n x m, where
    these are at hand.
    """

    method: Method
    embedder: Embedder
    key: CellKey
    forms: Forms
    extractor: Callable[[str], Extractor]
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
        return self.extractor(view).transform(samples, self.device, progress)


def load_run(project: Project, cell: FinishedCell, raw_folder: Path, device: torch.device) -> LoadedRun:
    """A finished cell with its model. raw_folder: of all raw datasets.

    Extractors are fitted on the training samples of its dataset when they are first asked for. Raises BadInput for an
    extractor that does not lead to the embeddings of the run: settings or samples have changed since.
    """
    file = model_file(cell)
    method, embedder, key = read_model(file, device)
    if not cell.states:
        raise BadInput(
            "there are no embeddings beside the model", str(cell.folder), "run `dvc repro` to train it again"
        )
    test = cell.embeddings(cell.states[0])
    raw = raw_store.read(raw_folder / key.dataset)
    extractors = project.extractors_of(key.dataset)
    for view in extractors:
        if view not in raw.views:
            raise UnknownName(view, raw.views, f"params.yaml, datasets.{key.dataset}.views")
    train = np.flatnonzero(raw.split == "train")

    @cache
    def extractor(view: str) -> Extractor:
        chosen = extractors[view]
        rebuilt = plugins.build("pipeline.features", chosen.name, Extractor, chosen.settings)
        rebuilt.fit(take(raw.views[view].samples, train), EXTRACTION_SEED)
        features = rebuilt.transform(test_samples(raw, view), device, quiet)
        before, now = test[view][:CHECKED], embedder.transform({view: features})[view]
        if now.shape != before.shape or np.abs(now - before).max() > TOLERANCE * np.abs(before).max():
            problem = f"view '{view}' as params.yaml and data/raw have it now does not give the embeddings of this run"
            raise BadInput(problem, str(cell.folder), "restore params.yaml, or run `dvc repro` to train again")
        return rebuilt

    forms = {view: Form.of(raw.views[view]) for view in extractors}
    return LoadedRun(method, embedder, key, forms, extractor, raw.class_names, sha256(file), device, raw, test)


def model_file(cell: FinishedCell) -> Path:
    """The model that a finished cell keeps. Raises BadInput that says why a cell has none."""
    if cell.model is not None:
        return cell.model
    if cell.status != DONE:
        raise BadInput(f"the cell was {cell.status}: {cell.reason}", str(cell.folder), "choose another cell")
    remedy = "choose the one of the experiment's first seed, or train again with `dvc repro`"
    raise BadInput(f"the cell of seed {cell.key.seed} keeps no model", str(cell.folder), remedy)


def test_samples(raw: RawDataset, view: str) -> Samples:
    """The first samples of the test split, on which a rebuilt extractor is checked."""
    return in_memory(take(raw.views[view].samples, np.flatnonzero(raw.split == "test")[:CHECKED]))
