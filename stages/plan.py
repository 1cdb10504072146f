"""Resolve what is to be trained on a dataset."""

from __future__ import annotations

import shutil

import click

from pipeline.config.project import Project
from pipeline.noise.base import draws
from pipeline.runs.plan import resolve, write_plan
from stages.command import stage
from stages.paths import DRAWS, PLAN


@stage
@click.argument("dataset")
def main(project: Project, dataset: str) -> None:
    """Write the draws of noise that DATASET needs, and the cells of every method with their settings, so that each
    stage that follows depends on its own alone.

    Example: python -m stages.plan emoji
    """
    methods = dict.fromkeys(method for grid in project.grids(dataset) for method in grid.methods)
    plans = {method: resolve(project, dataset, method) for method in methods}
    draws.write(DRAWS / f"{dataset}.json", draws.resolve(project, dataset))
    shutil.rmtree(PLAN / dataset, ignore_errors=True)
    for method, cells in plans.items():
        write_plan(PLAN / dataset / f"{method}.json", cells)


if __name__ == "__main__":
    main()
