"""Train every cell of one dataset; finished cells are taken from the store."""

from __future__ import annotations

import shutil
from functools import cache

import click

from pipeline.config.project import Project
from pipeline.core.cells import CellKey
from pipeline.core.corruption import Corruption
from pipeline.core.progress import counting
from pipeline.features.base import store as featurestore
from pipeline.noise.base import NoiseReceipt
from pipeline.noise.base import store as noise_store
from pipeline.runs.plan import prepare, read_plan
from pipeline.runs.pool import train_cells
from pipeline.runs.store import CellStore
from pipeline.tracking.base import open_tracker, tracked
from stages.command import stage, warn
from stages.paths import CELLS, FEATURES, NOISE, PLAN, RUNS


@stage
@click.argument("dataset")
@click.argument("methods", nargs=-1)
def main(project: Project, dataset: str, methods: tuple[str, ...]) -> None:
    """Train METHODS, all where none is named, on DATASET at every noise, rate and seed of its plan.

    Example: python -m stages.train emoji mrl
    """

    @cache
    def draws(key: CellKey) -> tuple[Corruption, NoiseReceipt]:
        return noise_store.read(NOISE / dataset / noise_store.file_name(key.noise, key.rate, key.seed))

    features = featurestore.read(FEATURES / dataset)
    cells = prepare(read_plan(PLAN / f"{dataset}.json", methods), features, draws)
    store = CellStore(CELLS)
    finished = sum(cell.fingerprint in store for cell in cells)

    def running() -> list[str]:
        return [f"{cell.key.method}/{cell.key.name}" for cell in cells if store.is_running(cell.fingerprint)]

    with counting(f"{dataset}: {len(cells)} cells", finished, running) as progress:
        landing = train_cells(cells, features, draws, store)
        tracker = open_tracker(dataset, warn)  # MLflow takes seconds to load; training goes on meanwhile
        for done, cell in enumerate(landing, start=1):
            receipt = draws(cell.key)[1].as_dict() if cell.key.noise else None
            tracker.log_cell(tracked(store.read(cell.fingerprint), cell.settings, receipt))
            progress(done, len(cells))
    for method in {cell.key.method for cell in cells}:
        shutil.rmtree(RUNS / dataset / method, ignore_errors=True)
    for cell in cells:
        store.publish(cell.fingerprint, RUNS / dataset / cell.key.method / cell.key.name)


if __name__ == "__main__":
    main()
