"""Resolve what is to be trained on a dataset."""

from __future__ import annotations

import click

from pipeline.config.project import Project
from pipeline.noise.base import draws
from pipeline.runs.plan import resolve, write_plan
from stages.command import stage
from stages.paths import DRAWS, PLAN


@stage
@click.argument("dataset")
def main(project: Project, dataset: str) -> None:
    """Write the draws of noise that DATASET needs, and the cells of all methods with their settings, so that the
    stages that follow depend on these alone.

    Example: python -m stages.plan emoji
    """
    methods = dict.fromkeys(method for grid in project.grids(dataset) for method in grid.methods)
    cells = [cell for method in methods for cell in resolve(project, dataset, method)]
    draws.write(DRAWS / f"{dataset}.json", draws.resolve(project, dataset))
    write_plan(PLAN / f"{dataset}.json", cells)


if __name__ == "__main__":
    main()
