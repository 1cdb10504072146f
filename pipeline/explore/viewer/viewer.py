"""The retrieval viewer: some test queries and what each method ranks first for them, two methods side by side."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config.project import Project, Viewer
from pipeline.core.criteria import CRITERIA
from pipeline.core.datasets import RawDataset
from pipeline.core.errors import BadParams
from pipeline.core.seeds import generator
from pipeline.core.splits import Array
from pipeline.explore.sheet import render
from pipeline.explore.viewer.rankings import rank_methods
from pipeline.reporting.results.results import CRITERION_NAMES
from pipeline.retrieval.nearest import nearest
from pipeline.retrieval.ranking import directions
from pipeline.samples.base import thumbnail


def page(project: Project, dataset: str, display: str, raw: RawDataset, runs: Path) -> str:
    """The HTML of one dataset: all methods of its grid, those that lack a run named with the reason.

    runs: the dataset's folder of finished cells. A gallery sample is right if it has the query's class.
    """
    grid, settings = project.grids(dataset)[0], viewer_of(project)
    first_seed = grid.seeds[0]
    noises = [(noise, rate) for noise in grid.noises for rate in sorted(grid.rates)]
    rows = np.flatnonzero(raw.split == "test")
    labels = raw.labels[rows]
    queries = sample_queries(labels, settings.queries, generator(first_seed, "viewer", dataset))
    top = min(settings.top, len(rows))
    pairs = directions(project.dataset(dataset).views)
    rankings = rank_methods(
        project,
        dataset,
        runs,
        noises,
        len(rows),
        lambda z: [nearest(z[query][queries], z[gallery], top) for query, gallery in pairs],
    )
    data = {
        "directions": pairs,
        "classes": list(raw.class_names),
        "labels": labels.tolist(),
        "queries": queries.tolist(),
        "methods": {method.name: asdict(method) for method in rankings.methods},
        "tables": [[ranks.tolist() for ranks in table] for table in rankings.tables],
        "samples": {
            view: {int(row): thumbnail(raw.views[view], int(rows[row])) for row in used}
            for view, used in _used(pairs, queries, rankings.tables).items()
        },
    }
    return render(
        "viewer/viewer.html.j2",
        display=display,
        directions=pairs,
        noises=noises,
        classes=[raw.class_names[label] for label in np.unique(labels[queries])],
        methods=rankings.methods,
        sides={"a": settings.a, "b": settings.b},
        left_out=rankings.left_out,
        criteria=[CRITERION_NAMES[name] for name in CRITERIA if name in rankings.criteria],
        queries=len(queries),
        gallery=len(rows),
        top=top,
        seed=first_seed,
        data=packed(data),
    )


def viewer_of(project: Project) -> Viewer:
    """The block `viewer`. Raises BadParams without one."""
    if project.viewer is None:
        raise BadParams("the block 'viewer' is missing", "params.yaml", "add it, or restore it from git")
    return project.viewer


def packed(data: Mapping[str, Any]) -> str:
    """JSON, compressed by zlib, in base64: drawn clouds shrink to a quarter."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def sample_queries(labels: Array, count: int, draws: np.random.Generator) -> Array:
    """Positions of count of n samples, ordered by class.

    Drawn without replacement, as many of each class as of any other while it has them.
    """
    order = draws.permutation(len(labels))
    by_class = order[np.argsort(labels[order], kind="stable")]
    _, first, sizes = np.unique(labels[by_class], return_index=True, return_counts=True)
    turn = np.arange(len(labels)) - np.repeat(first, sizes)
    chosen = by_class[np.lexsort((draws.permutation(len(labels)), turn))[:count]]
    return np.asarray(chosen[np.argsort(labels[chosen], kind="stable")])


def _used(pairs: Sequence[tuple[str, str]], queries: Array, tables: Sequence[Sequence[Array]]) -> Mapping[str, Any]:
    """View -> the test positions that appear on the page, ascending."""
    used = {query: [queries] for query, _ in pairs}
    for table in tables:
        for (_, gallery), ranks in zip(pairs, table, strict=True):
            used[gallery].append(ranks.ravel())
    return {view: np.unique(np.concatenate(parts)) for view, parts in used.items()}
