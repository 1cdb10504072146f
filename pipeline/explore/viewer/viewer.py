"""The retrieval viewer: some test queries and what each method ranks first for them, two methods side by side."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config.params import Params, block, grid_of
from pipeline.core import plugins as discovery
from pipeline.core.cells import CellKey
from pipeline.core.criteria import CRITERIA
from pipeline.core.datasets import RawDataset
from pipeline.core.errors import BadInput, BadParams
from pipeline.core.seeds import generator
from pipeline.core.splits import Array, Embeddings
from pipeline.explore.sheet import render
from pipeline.methods.base import Method
from pipeline.reporting.results.results import CRITERION_NAMES
from pipeline.retrieval.ranking import directions
from pipeline.runs.plan import keys
from pipeline.samples.base import thumbnail

GRID = 2.0**40
"""Steps per unit of similarity: coarser than rounding, so that equal similarities tie."""


@dataclass(frozen=True)
class Shown:
    """A method on the page. tables: at each noise setting the position of its ranks; label_free: one holds for all."""

    name: str
    label: str
    label_free: bool
    tables: Sequence[int]


@dataclass
class Compared:
    """Methods that have a run at every noise setting, and why the others are left out.

    tables: per cell and direction the gallery positions that it ranks first, Q x top; criteria: of the states shown.
    """

    methods: list[Shown] = field(default_factory=list)
    tables: list[list[Array]] = field(default_factory=list)
    criteria: set[str] = field(default_factory=set)
    left_out: dict[str, str] = field(default_factory=dict)


def page(params: Params, dataset: str, display: str, raw: RawDataset, runs: Path) -> str:
    """The HTML of one dataset: all methods of its grid, those that lack a run named with the reason.

    runs: the dataset's folder of finished cells. A method stands there in its first variant, with the first seed, in
    the state of the first criterion that the cell has. Right is what has the query's class.
    """
    grid = grid_of(params, dataset)
    noises = [(noise, rate) for noise in grid["noises"] for rate in sorted(grid["rates"])]
    rows = np.flatnonzero(raw.split == "test")
    labels = raw.labels[rows]
    chosen = sampled(labels, _positive(params, "queries"), generator(grid["seeds"][0], "viewer", dataset))
    top = min(_positive(params, "top"), len(rows))
    pairs = directions(block(params, "datasets", dataset, "views"))
    compared = _compared(
        params,
        dataset,
        runs,
        noises,
        len(rows),
        lambda z: [nearest(z[query][chosen], z[gallery], top) for query, gallery in pairs],
    )
    data = {
        "directions": pairs,
        "classes": list(raw.class_names),
        "labels": labels.tolist(),
        "queries": chosen.tolist(),
        "methods": {method.name: asdict(method) for method in compared.methods},
        "tables": [[ranks.tolist() for ranks in table] for table in compared.tables],
        "samples": {
            view: {int(row): thumbnail(raw.views[view], int(rows[row])) for row in used}
            for view, used in _used(pairs, chosen, compared.tables).items()
        },
    }
    return render(
        "viewer/viewer.html.j2",
        display=display,
        directions=pairs,
        noises=noises,
        classes=[raw.class_names[label] for label in np.unique(labels[chosen])],
        methods=compared.methods,
        sides={side: block(params, "viewer", side) for side in ("a", "b")},
        left_out=compared.left_out,
        criteria=[CRITERION_NAMES[name] for name in CRITERIA if name in compared.criteria],
        queries=len(chosen),
        gallery=len(rows),
        top=top,
        seed=grid["seeds"][0],
        data=packed(data),
    )


def packed(data: Mapping[str, Any]) -> str:
    """JSON, compressed by zlib, in base64: drawn clouds shrink to a quarter."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def sampled(labels: Array, count: int, draws: np.random.Generator) -> Array:
    """Positions of count of n samples, ordered by class: drawn without replacement, as many of each class as of any
    other while it has them."""
    order = draws.permutation(len(labels))
    by_class = order[np.argsort(labels[order], kind="stable")]
    _, first, sizes = np.unique(labels[by_class], return_index=True, return_counts=True)
    turn = np.arange(len(labels)) - np.repeat(first, sizes)
    chosen = by_class[np.lexsort((draws.permutation(len(labels)), turn))[:count]]
    return np.asarray(chosen[np.argsort(labels[chosen], kind="stable")])


def nearest(queries: Array, gallery: Array, top: int) -> Array:
    """Gallery positions by cosine similarity, best first: Q x d and N x d -> Q x min(top, N). Of equal similarities
    the earlier position stands first; a zero row has similarity 0 to everything."""
    similarities = np.rint(unit(queries) @ unit(gallery).T * GRID)
    return np.argsort(-similarities, axis=1, kind="stable")[:, :top]


def unit(rows: Array) -> Array:
    """Rows of length 1 in float64, whatever their own precision; a zero row stays."""
    wide = rows.astype(np.float64)
    norms = np.linalg.norm(wide, axis=1, keepdims=True)
    unit: Array = np.divide(wide, norms, out=np.zeros_like(wide), where=norms > 0)
    return unit


def _positive(params: Params, name: str) -> int:
    value = block(params, "viewer", name)
    if not isinstance(value, int) or value < 1:
        raise BadParams(f"'{name}' is {value!r}", "params.yaml, viewer", "give a whole number from 1 on")
    return value


def _compared(
    params: Params,
    dataset: str,
    runs: Path,
    noises: Sequence[tuple[str, float]],
    count: int,
    rank: Callable[[Embeddings], list[Array]],
) -> Compared:
    """count: test samples; rank: a cell's embeddings -> what it ranks first, a table entry per direction."""
    grid = grid_of(params, dataset)
    found = Compared()
    for name, (variant, *_) in grid["methods"].items():
        plain = discovery.find("pipeline.methods", name, Method).display
        label = plain if variant == "default" else f"{plain} ({variant})"
        cells = _cells(params, dataset, name, variant, noises)
        states = {cell: _headline(runs / name / cell.name, count) for cell in cells}
        if missing := [cell for cell, state in states.items() if state is None]:
            found.left_out[label] = _reason(runs / name, missing[0])
            continue
        place = {cell: len(found.tables) + number for number, cell in enumerate(states)}
        found.methods.append(Shown(name, label, cells[0].noise is None, [place[cell] for cell in cells]))
        for criterion, z in filter(None, states.values()):
            found.tables.append(rank(z))
            found.criteria.add(criterion)
    return found


def _cells(
    params: Params, dataset: str, method: str, variant: str, noises: Sequence[tuple[str, float]]
) -> list[CellKey]:
    """The cell of the first seed at every noise setting; a label-free method has the same one everywhere."""
    some = next(key for key in keys(params, dataset, method) if key.variant == variant)
    first = some if some.seed is None else replace(some, seed=grid_of(params, dataset)["seeds"][0])
    return [first if first.noise is None else replace(first, noise=noise, rate=rate) for noise, rate in noises]


def _headline(cell: Path, count: int) -> tuple[str, Embeddings] | None:
    """The first criterion that a cell has and its test embeddings."""
    for criterion in CRITERIA:
        if (file := cell / f"{criterion}.npz").is_file():
            with np.load(file, allow_pickle=False) as arrays:
                embeddings = {view: arrays[view] for view in arrays}
            for view, z in embeddings.items():
                if len(z) != count:
                    what = f"view '{view}' has {len(z)} embeddings, the raw data has {count} test samples"
                    raise BadInput(what, str(file), "run `dvc repro` to train on these data")
            return criterion, embeddings
    return None


def _reason(runs: Path, cell: CellKey) -> str:
    """Why a cell has no embeddings."""
    where = "" if cell.noise is None else f" at {cell.noise} noise, rate {cell.rate}"
    try:
        result = json.loads((runs / cell.name / "result.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return f"not run{where}"
    return f"{result['status']}{where}: {result['reason']}"


def _used(pairs: Sequence[tuple[str, str]], chosen: Array, tables: Sequence[Sequence[Array]]) -> Mapping[str, Any]:
    """View -> the test positions that appear on the page, ascending."""
    used = {query: [chosen] for query, _ in pairs}
    for table in tables:
        for (_, gallery), ranks in zip(pairs, table, strict=True):
            used[gallery].append(ranks.ravel())
    return {view: np.unique(np.concatenate(parts)) for view, parts in used.items()}
