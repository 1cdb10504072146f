"""All cells of one dataset and method, resolved and checked before anything is trained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.config.params import Params, block, grid_of, method_settings, noises_of
from pipeline.core import plugins
from pipeline.core.cells import CellKey
from pipeline.core.corruption import Corruption
from pipeline.core.errors import BadParams
from pipeline.core.runs import Need
from pipeline.features.base.store import Features
from pipeline.methods.base import Method
from pipeline.noise.base import Noise, NoiseReceipt
from pipeline.runs.fingerprint import cell_fingerprint, code_fingerprint

Draws = Callable[[CellKey], tuple[Corruption, NoiseReceipt]]
"""The noise artefact of a cell that has one."""


@dataclass(frozen=True)
class Cell:
    """What has to be trained: the key, the method with its settings, and the fingerprints of code and cell.

    watched: whether it is of the grid's first seed, whose training is looked at closely and whose model is kept;
    following every seed would cost a fifth of the time. features, labels: hashes of the features and of the noisy
    labels. skip: why it is left out.
    """

    key: CellKey
    method: Method
    settings: Mapping[str, Any]
    code: str
    fingerprint: str
    watched: bool
    features: str
    labels: str | None
    skip: str = ""


def keys(params: Params, dataset: str, method: str) -> Iterator[CellKey]:
    """The configured cells; a label-free method has one per seed, a deterministic one no seed of its own."""
    kind = plugins.find("pipeline.methods", method, Method)
    labelled = Need.LABELS in kind.needs
    seeds = block(params, "grid", "seeds") if labelled or kind.random else [None]
    for variant in block(params, "methods", method, "variants"):
        noises = noises_of(params, dataset, method, variant)
        if not labelled:
            _refuse_moved_pairs(method, {kind for kind, _ in noises})
        for noise, rate in noises if labelled else [(None, None)]:
            for seed in seeds:
                yield CellKey(dataset, method, variant, noise, rate, seed)


def _refuse_moved_pairs(method: str, noises: Iterable[str]) -> None:
    """A method without labels is trained once, on the pairs as they are."""
    for kind in noises:
        if plugins.find("pipeline.noise", kind, Noise).moves_pairs:
            reason = f"'{method}' uses no labels and is trained once, but noise '{kind}' pairs samples wrongly"
            raise BadParams(reason, "params.yaml, grid and further", "leave out one of the two")


def build(params: Params, key: CellKey) -> Method:
    """The method of a cell with its resolved settings."""
    settings = method_settings(params, key.method, key.variant, key.dataset)
    return plugins.build("pipeline.methods", key.method, Method, settings)


def plan(params: Params, dataset: str, method: str, features: Features, draws: Draws) -> list[Cell]:
    """Every configured cell with its fingerprint; the settings of all are checked before anything is trained."""
    cells, first_seed = [], grid_of(params, dataset)["seeds"][0]
    for key in keys(params, dataset, method):
        settings = method_settings(params, method, key.variant, dataset)
        built = build(params, key)
        views = len(features.extractors)
        skip = f"needs exactly two views, {dataset} has {views}" if Need.TWO_VIEWS in built.needs and views != 2 else ""
        watched = key.seed in (None, first_seed)
        code, labels = code_fingerprint(built), draws(key)[1].hash if key.noise else None
        fingerprint = cell_fingerprint(key, code, features.digest, labels, watched)
        cells.append(Cell(key, built, settings, code, fingerprint, watched, features.digest, labels, skip))
    return cells
