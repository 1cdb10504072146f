"""What every method ranks first, read from the finished cells of a dataset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.config.project import Project
from pipeline.core import plugins
from pipeline.core.cells import CellKey
from pipeline.core.errors import BadInput
from pipeline.core.splits import Array, Embeddings
from pipeline.methods.base import Method
from pipeline.runs.finished_cell import RESULT, FinishedCell
from pipeline.runs.plan import keys

Rank = Callable[[Embeddings], list[Array]]
"""Test embeddings -> the gallery positions that are ranked first, Q x top, per direction."""


@dataclass(frozen=True)
class MethodRankings:
    """A method on the page.

    tables: at each noise setting the position of its ranking; label_free: whether one ranking holds for all.
    """

    name: str
    label: str
    label_free: bool
    tables: Sequence[int]


@dataclass
class Rankings:
    """The rankings of all methods that have a finished cell at every noise setting.

    tables: per cell what Rank returned; criteria: of the states that were ranked; left_out: method -> reason.
    """

    methods: list[MethodRankings] = field(default_factory=list)
    tables: list[list[Array]] = field(default_factory=list)
    criteria: set[str] = field(default_factory=set)
    left_out: dict[str, str] = field(default_factory=dict)


def rank_methods(
    project: Project, dataset: str, runs: Path, noises: Sequence[tuple[str, float]], count: int, rank: Rank
) -> Rankings:
    """Rank with every method of the dataset's grid, in its first variant, its first seed and its headline state.

    runs: the dataset's folder of finished cells; count: test samples.
    """
    grid = project.grids(dataset)[0]
    rankings = Rankings()
    for name, (variant, *_) in grid.methods.items():
        display = plugins.find("pipeline.methods", name, Method).display
        label = display if variant == "default" else f"{display} ({variant})"
        cells = {key: _read(runs / name, key) for key in _keys(project, dataset, name, variant, noises)}
        if lacking := [key for key, cell in cells.items() if cell is None or not cell.states]:
            rankings.left_out[label] = _reason(lacking[0], cells[lacking[0]])
            continue
        finished = {key: cell for key, cell in cells.items() if cell is not None}
        position = {key: len(rankings.tables) + number for number, key in enumerate(finished)}
        label_free = next(iter(cells)).noise is None
        tables = [position[key] for key in _keys(project, dataset, name, variant, noises)]
        rankings.methods.append(MethodRankings(name, label, label_free, tables))
        for cell in finished.values():
            rankings.tables.append(rank(_headline(cell, count)))
            rankings.criteria.add(cell.states[0])
    return rankings


def _keys(
    project: Project, dataset: str, method: str, variant: str, noises: Sequence[tuple[str, float]]
) -> list[CellKey]:
    """The cell of the first seed at every noise setting; a label-free method has the same one everywhere."""
    some = next(key for key in keys(project, dataset, method) if key.variant == variant)
    first = some if some.seed is None else replace(some, seed=project.grids(dataset)[0].seeds[0])
    return [first if first.noise is None else replace(first, noise=noise, rate=rate) for noise, rate in noises]


def _read(runs: Path, key: CellKey) -> FinishedCell | None:
    folder = runs / key.name
    return FinishedCell.read(folder) if (folder / RESULT).is_file() else None


def _headline(cell: FinishedCell, count: int) -> Embeddings:
    """The test embeddings of the first criterion that a cell has."""
    embeddings = cell.embeddings(cell.states[0])
    for view, z in embeddings.items():
        if len(z) != count:
            problem = f"view '{view}' has {len(z)} embeddings, the raw data has {count} test samples"
            raise BadInput(problem, str(cell.folder), "run `dvc repro` to train on these data")
    return embeddings


def _reason(key: CellKey, cell: FinishedCell | None) -> str:
    """Why a cell has no embeddings."""
    noise = "" if key.noise is None else f" at {key.noise} noise, rate {key.rate}"
    return f"not run{noise}" if cell is None else f"{cell.status}{noise}: {cell.reason}"
