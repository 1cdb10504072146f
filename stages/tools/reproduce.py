"""Run an experiment and say where the results are."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pipeline.config.load import load
from pipeline.config.project import Project
from pipeline.records.transfer import bring
from pipeline.runs import costs
from pipeline.runs.copied_project import copy_project
from pipeline.runs.dvc import repro
from pipeline.runs.store import CellStore
from stages.command import stage
from stages.paths import BROUGHT, BUILD, CELLS, COSTS, MACHINE, PARAMS, RECORDS, RUNS


@stage
@click.option("--experiment", help="One of params.yaml. [default: the first]")
def main(project: Project, experiment: str | None) -> None:
    """Run `dvc repro` here for the first experiment, for another one in a copy of the project under build/.

    Files that the user brought are read anew there. If the report shows the experiment, its records are brought here.

    Example: python -m stages.tools.reproduce --experiment mnist3d_rono
    """
    chosen = project.experiment(experiment or project.experiments[0].name)
    if chosen == project.experiments[0]:
        repro(Path())
        _write_costs(project, Path(), Path())
        repro(Path(), "report")
        _tell(Path(), "make ui")
        return
    folder = BUILD / chosen.name
    copy_project(Path(), folder, chosen.name, BROUGHT, (COSTS, MACHINE))
    repro(folder, "--single-item", "--force", *(f"fetch@{dataset}" for dataset in chosen.datasets))
    repro(folder)
    reported = [dataset for dataset in chosen.datasets if project.grids(dataset)[0] == chosen]
    for dataset in reported:
        bring(folder / RECORDS, RECORDS, dataset)
    _write_costs(load(folder / PARAMS), folder, Path() if reported else folder)
    if reported:
        repro(Path(), "--single-item", "--force", "report")
    _tell(Path() if reported else folder, f"cd {folder} && {Path(sys.executable).parent}/mlflow ui")


def _write_costs(project: Project, trained: Path, reports: Path) -> None:
    grid, store = project.experiments[0], CellStore(trained / CELLS)
    costs.write(costs.gather(trained / RUNS, grid.datasets, grid.methods, store), reports / COSTS, reports / MACHINE)


def _tell(folder: Path, runs: str) -> None:
    click.echo(f"\nResults page: {(folder / 'reports/index.html').resolve().as_uri()}\nEvery run:    {runs}")


if __name__ == "__main__":
    main()
