"""A trained cell to take away: its model, its extractors as they were fitted, its classes and a model card."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from pipeline.config.project import Project
from pipeline.core import plugins
from pipeline.core.datasets import RawDataset
from pipeline.core.errors import BadInput, BadParams, UnknownName
from pipeline.core.files import sha256
from pipeline.core.progress import quiet
from pipeline.core.splits import Array
from pipeline.explore.search.loaded_run import LoadedRun, load_run, test_samples
from pipeline.explore.search.user_input import Form
from pipeline.features.base import Extractor
from pipeline.features.base.state import State, Weights
from pipeline.runs.finished_cell import MODEL, FinishedCell
from pipeline.runs.models import read_model
from pipeline.samples.base import kind
from pipeline.samples.base.stored import write_json

EXTRACTORS, ARRAYS, CLASSES, CARD = "extractors.json", "extractors.safetensors", "classes.json", "README.md"
REMEDY = "name a folder that `python -m stages.tools.export` wrote"


def export(project: Project, loaded: LoadedRun, model: Path, card: str, out: Path) -> None:
    """Write the bundle of a cell of a run, whole or not at all. model: the cell's file; card: the text of README.md.

    Raises BadInput if out exists already, and if a rebuilt extractor would not give the features of the fitted one
    bit for bit.
    """
    assert loaded.raw is not None
    if out.exists():
        raise BadInput("it is there already", str(out), "name a new folder or remove this one")
    described: dict[str, Any] = {}
    arrays: dict[str, Array] = {}
    for view, chosen in project.extractors_of(loaded.key.dataset).items():
        name, settings = chosen.name, chosen.settings
        stored = loaded.extractor(view).state()
        arrays |= {f"{view}/{part}": np.asarray(array, order="C") for part, array in stored.arrays.items()}
        described[view] = {
            "extractor": name,
            "settings": settings,
            **asdict(loaded.forms[view]),
            "words": list(stored.words),
            "numbers": dict(stored.numbers),
            "weights": None if stored.weights is None else asdict(stored.weights),
        }

    def write(folder: Path) -> None:
        shutil.copyfile(model, folder / MODEL)
        (folder / ARRAYS).write_bytes(save(arrays))
        write_json(folder / EXTRACTORS, described)
        write_json(folder / CLASSES, list(loaded.class_names))
        (folder / CARD).write_text(card, encoding="utf-8")
        _check(loaded, loaded.raw, read_bundle(folder, loaded.device))

    _at_once(out, write)


def read_bundle(folder: Path, device: torch.device) -> LoadedRun:
    """The cell that a bundle holds; every extractor is rebuilt when it is first asked for.

    Raises BadInput for a folder that is no whole bundle.
    """
    try:
        described = json.loads((folder / EXTRACTORS).read_text(encoding="utf-8"))
        class_names = json.loads((folder / CLASSES).read_text(encoding="utf-8"))
        arrays = load_file(folder / ARRAYS)
        forms = {view: _form(about) for view, about in described.items()}
        states = {view: _state(view, about, arrays) for view, about in described.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError, UnknownName) as error:
        raise BadInput(f"this is no whole bundle ({type(error).__name__})", str(folder), REMEDY) from None
    method, embedder, key = read_model(folder / MODEL, device)

    @cache
    def extractor(view: str) -> Extractor:
        about = described[view]
        try:
            rebuilt = plugins.build("pipeline.features", about["extractor"], Extractor, about["settings"])
            rebuilt.restore(states[view])
        except BadInput:
            raise
        except Exception as error:  # damaged numbers and settings make gensim, torch and scikit-learn raise anything
            problem = f"the extractor of view '{view}' cannot be rebuilt ({type(error).__name__})"
            raise BadInput(problem, str(folder), REMEDY) from None
        if about["kind"] not in rebuilt.accepts:
            problem = f"{rebuilt.title} of view '{view}' does not read '{about['kind']}'"
            raise BadInput(problem, str(folder), REMEDY)
        return rebuilt

    return LoadedRun(method, embedder, key, forms, extractor, class_names, sha256(folder / MODEL), device)


def run_or_bundle(
    project: Project, run: Path | None, bundle: Path | None, raw_folder: Path, device: torch.device
) -> LoadedRun:
    """The run or the bundle, whichever folder is named. Raises BadParams for none and for both."""
    if run is not None and bundle is None:
        return load_run(project, FinishedCell.read(run), raw_folder, device)
    if bundle is not None and run is None:
        return read_bundle(bundle, device)
    raise BadParams("one of the two is needed", "--run and --bundle", "name the folder of a cell or of a bundle")


def _form(about: Mapping[str, Any]) -> Form:
    form = Form(about["kind"], tuple(about["shape"]))
    if not all(isinstance(size, int) and size > 0 for size in form.shape) or not kind(form.kind).fits(form.shape):
        raise ValueError(f"no {form.kind} has the shape {form.shape}")
    return form


def _state(view: str, about: Mapping[str, Any], arrays: Mapping[str, Array]) -> State:
    own = {name.removeprefix(f"{view}/"): array for name, array in arrays.items() if name.startswith(f"{view}/")}
    weights = None if about["weights"] is None else Weights(**about["weights"])
    return State(own, about["words"], about["numbers"], weights)


def _check(loaded: LoadedRun, raw: RawDataset | None, rebuilt: LoadedRun) -> None:
    """Raise BadInput if a bundle does not give the features of the run."""
    assert raw is not None
    for view in loaded.forms:
        some = test_samples(raw, view)
        if not np.array_equal(loaded.features(view, some, quiet), rebuilt.features(view, some, quiet)):
            problem = f"the extractor of view '{view}' cannot be rebuilt exactly from what the bundle can hold"
            raise BadInput(problem, loaded.extractor(view).title, "search with --run instead")


def _at_once(out: Path, write: Callable[[Path], None]) -> None:
    """Let write fill a folder beside out, then make it out in one step."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        raise BadInput(f"it cannot be written ({type(error).__name__})", str(out), "choose another place") from None
    try:
        write(unfinished)
        unfinished.chmod(0o755)
        os.rename(unfinished, out)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
