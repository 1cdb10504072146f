"""All cells of one dataset, resolved and checked before anything is trained."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

from pipeline.config.project import Project
from pipeline.core import plugins
from pipeline.core.cells import CellKey
from pipeline.core.corruption import Corruption
from pipeline.core.errors import BadInput, BadParams, UnknownName
from pipeline.core.files import write_text
from pipeline.core.runs import Need
from pipeline.features.base.store import Features
from pipeline.methods.base import Method
from pipeline.noise.base import Noise, NoiseReceipt
from pipeline.runs.fingerprint import cell_fingerprint, code_fingerprint

Draws = Callable[[CellKey], tuple[Corruption, NoiseReceipt]]
"""The noise artefact of a cell that has one."""


@dataclass(frozen=True)
class PlannedCell:
    """What is to be trained: a key and the method's settings; see Cell for watched.

    code: fingerprint of the code behind the numbers when the plan was made, by which DVC sees that it has changed.
    """

    key: CellKey
    settings: Mapping[str, Any]
    watched: bool
    code: str


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


def keys(project: Project, dataset: str, method: str) -> Iterator[CellKey]:
    """The configured cells; a label-free method has one per seed, a deterministic one no seed of its own."""
    kind = plugins.find("pipeline.methods", method, Method)
    labelled = Need.LABELS in kind.needs
    grids = [grid for grid in project.grids(dataset) if method in grid.methods]
    listed: dict[CellKey, None] = {}
    for variant in dict.fromkeys(variant for grid in grids for variant in grid.methods[method]):
        for grid in grids:
            if variant not in grid.methods[method]:
                continue
            if not labelled:
                _refuse_moved_pairs(method, grid.noises)
            seeds = grid.seeds if labelled or kind.random else [None]
            for noise, rate in product(grid.noises, grid.rates) if labelled else [(None, None)]:
                listed |= {CellKey(dataset, method, variant, noise, rate, seed): None for seed in seeds}
    yield from listed


def _refuse_moved_pairs(method: str, noises: Iterable[str]) -> None:
    """A method without labels is trained once, on the pairs as they are."""
    for kind in noises:
        if plugins.find("pipeline.noise", kind, Noise).moves_pairs:
            reason = f"'{method}' uses no labels and is trained once, but noise '{kind}' pairs samples wrongly"
            raise BadParams(reason, "params.yaml, experiments", "leave out one of the two")


def is_watched(project: Project, key: CellKey) -> bool:
    """Whether a cell is of the first seed of its dataset's experiment."""
    return key.seed in (None, project.grids(key.dataset)[0].seeds[0])


def build(project: Project, key: CellKey) -> Method:
    """The method of a cell with its resolved settings."""
    settings = project.settings(key.method, key.variant, key.dataset)
    return plugins.build("pipeline.methods", key.method, Method, settings)


def resolve(project: Project, dataset: str, method: str) -> list[PlannedCell]:
    """The configured cells of a method on a dataset with their settings; nothing but project and code is read."""
    cells = []
    code: dict[str, str] = {}
    for key in keys(project, dataset, method):
        if key.variant not in code:
            code[key.variant] = code_fingerprint(build(project, key))
        settings = project.settings(method, key.variant, dataset)
        cells.append(PlannedCell(key, settings, is_watched(project, key), code[key.variant]))
    return cells


def write_plan(file: Path, cells: Sequence[PlannedCell]) -> None:
    """Write what read_plan reads; the same cells, the same bytes."""
    rows = [
        {"key": asdict(cell.key), "settings": cell.settings, "watched": cell.watched, "code": cell.code}
        for cell in cells
    ]
    write_text(file, "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


def read_plan(file: Path, methods: Sequence[str] = ()) -> list[PlannedCell]:
    """The cells that the plan stage wrote, or those of some methods alone.

    Raises BadInput where there is no plan, and UnknownName for a method that is not in it.
    """
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
        cells = [PlannedCell(CellKey(**row.pop("key")), **row) for row in rows]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise BadInput("there is no plan of cells", str(file), "run `dvc repro` to write it") from None
    planned = {cell.key.method for cell in cells}
    for method in methods:
        if method not in planned:
            raise UnknownName(method, planned, str(file))
    return [cell for cell in cells if not methods or cell.key.method in methods]


def prepare(planned: Sequence[PlannedCell], features: Features, draws: Draws) -> list[Cell]:
    """Every planned cell with its fingerprint; the settings of all are checked before anything is trained."""
    cells = []
    views = len(features.extractors)
    for cell in planned:
        key = cell.key
        method = plugins.build("pipeline.methods", key.method, Method, cell.settings)
        lacks = Need.TWO_VIEWS in method.needs and views != 2
        skip = f"needs exactly two views, {key.dataset} has {views}" if lacks else ""
        code, labels = code_fingerprint(method), draws(key)[1].hash if key.noise else None
        fingerprint = cell_fingerprint(key, code, features.digest, labels, cell.watched)
        cells.append(Cell(key, method, cell.settings, code, fingerprint, cell.watched, features.digest, labels, skip))
    return cells
