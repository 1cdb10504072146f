"""What is asked for suspects: a finished cell's, or those of every split."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.config.project import Project
from pipeline.core import plugins
from pipeline.core.cells import CellKey
from pipeline.core.errors import BadParams
from pipeline.core.progress import counting
from pipeline.data.base import configured
from pipeline.data.base import store as raw_store
from pipeline.explore.suspects.every_split import of_every_split, pooled
from pipeline.explore.suspects.judgements import judged
from pipeline.explore.suspects.suspects import Suspects, collect, find_cell
from pipeline.features.base import store as feature_store
from pipeline.methods.base import Method
from pipeline.noise.base import store as noise_store
from pipeline.runs.plan import build


@dataclass(frozen=True)
class Asked:
    """A method and what it judges: with every_split, or for labels that are noisy everywhere, all of them.

    noise, rate: of the finished cell, None where only one fits; seed: None for the experiment's first.
    """

    method: str
    variant: str
    noise: str | None
    rate: float | None
    seed: int | None
    every_split: bool


@dataclass(frozen=True)
class Places:
    """Where a project keeps raw samples, features, noisy labels, finished cells and judgements of its datasets."""

    raw: Path
    features: Path
    noise: Path
    runs: Path
    judged: Path


def answer(project: Project, dataset: str, asked: Asked, places: Places) -> tuple[Suspects, str, str]:
    """The suspects, and the display names of dataset and method.

    Raises UnknownName, BadParams for what excludes each other, and BadInput where something was not computed yet.
    """
    source = configured(project, dataset)
    project.method(asked.method)
    display = plugins.find("pipeline.methods", asked.method, Method).display
    seed = project.grids(dataset)[0].seeds[0] if asked.seed is None else asked.seed
    of_a_cell = asked.noise is not None or asked.rate is not None
    if asked.every_split and of_a_cell:
        problem = "--every-split judges the dataset's own labels, which have neither noise nor rate"
        raise BadParams(problem, "suspects", "leave out one of the two")
    if asked.every_split or not (source.clean or of_a_cell):
        key = CellKey(dataset, asked.method, asked.variant, None, None, seed)
        method = build(project, key)
        raw = raw_store.read(places.raw / dataset)
        samples = pooled(feature_store.read(places.features / dataset), raw, dataset)
        file = places.judged / dataset / f"{asked.method}-{asked.variant}-{seed}.npz"
        with counting(f"{dataset}: judge {len(samples)} labels") as progress:
            judgement = judged(file, method, samples, seed, progress, raw.annotations)
        return of_every_split(key, raw, samples, judgement), source.display, display
    cell = find_cell(places.runs / dataset, asked.method, asked.variant, asked.noise, asked.rate, seed)
    draw = noise_store.file_name(cell.key.noise, cell.key.rate, cell.key.seed)
    noise, receipt = noise_store.read(places.noise / dataset / draw)
    features = feature_store.read(places.features / dataset, ["train"])
    raw = raw_store.read(places.raw / dataset)
    return collect(cell, raw, features, noise, receipt, known=source.clean), source.display, display
