"""The features of a dataset's views, by the extractors that params.yaml names."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import torch
from joblib.externals.loky import get_reusable_executor

from pipeline.config.fields import Settings
from pipeline.config.project import Project
from pipeline.core.datasets import RawDataset
from pipeline.core.errors import UnknownName
from pipeline.core.plugins import build
from pipeline.core.progress import counting, duration
from pipeline.core.splits import Array
from pipeline.features.base import EXTRACTION_SEED, Extractor, extract
from pipeline.features.base.parts import Parts


def build_extractor(name: str, settings: Settings) -> Extractor:
    """An extractor by the name of its file. Raises UnknownName, or BadParams for settings that it does not take."""
    return build("pipeline.features", name, Extractor, settings)


def extractors_of(project: Project, dataset: str) -> dict[str, Extractor]:
    """View -> its extractor. Raises as build_extractor."""
    chosen = project.extractors_of(dataset)
    return {view: build_extractor(extractor.name, extractor.settings) for view, extractor in chosen.items()}


def check_views(views: Iterable[str], known: Iterable[str], place: str) -> None:
    """Raises UnknownName for a view that a dataset does not have. place: where in params.yaml the views are named."""
    names = list(known)
    for view in views:
        if view not in names:
            raise UnknownName(view, names, place)


def extract_view(
    dataset: str, view: str, extractor: Extractor, raw: RawDataset, parts: Parts, note: Callable[[str], None]
) -> Array:
    """n x d float32 for all n samples of a view, fitted on the training ones; progress stands on the screen.

    parts: where finished blocks are kept, from which an extraction that was stopped goes on; note: called with the
    number of samples a second.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    title = f"{dataset}: {view} -> {extractor.display}"
    started, before = time.perf_counter(), parts.reused
    with counting(title) as progress:
        features = extract(extractor, raw.views[view], raw.split == "train", EXTRACTION_SEED, device, progress, parts)
    get_reusable_executor().shutdown(wait=True)  # what its processes hold is not to stand beside the next view's
    seconds, reused = time.perf_counter() - started, parts.reused - before
    made = len(features) - reused
    rest = f"; {reused} were finished before" if reused else ""
    note(f"{title}: {made} samples in {duration(seconds)}, {made / seconds:.3g} a second{rest}")
    return features
