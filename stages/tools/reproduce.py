"""Run an experiment and say where the results are."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pipeline.config.project import Project
from pipeline.evaluation.claims import write_claims
from pipeline.explore.decisions.gain import told
from pipeline.records.transfer import bring_results
from pipeline.runs import costs
from pipeline.runs.copied_project import copy_project
from pipeline.runs.dvc import repro
from pipeline.runs.store import CellStore
from stages.command import stage
from stages.paths import AP, BROUGHT, BUILD, CELLS, COSTS, DECIDED, MACHINE, RAW, RECORDS, RUNS


@stage
@click.option("--experiment", help="One of params.yaml. [default: the first]")
def main(project: Project, experiment: str | None) -> None:
    """Run `dvc repro` here for the first experiment, for another one in a copy under build/, where brought files are
    read anew. Records that the report here shows come here; those of an experiment on demand keep its name.

    Example: python -m stages.tools.reproduce --experiment mnist3d_rono
    """
    chosen = project.experiment(experiment or project.experiments[0].name)
    if chosen == project.experiments[0]:
        repro(Path(), "train")
        costs.update(chosen, RUNS, CellStore(CELLS), COSTS, MACHINE)
        repro(Path())
        _tell(Path(), "make ui")
        return
    copy_project(Path(), folder := BUILD / chosen.name, chosen.name, BROUGHT, (COSTS, MACHINE))
    reported = list(chosen.datasets) if chosen.claim else project.reported(chosen)
    if chosen.claim:
        repro(folder, "evaluate")
        write_claims(project, chosen, folder / AP, RECORDS)
    else:
        repro(folder, "--single-item", "--force", *(f"fetch@{dataset}" for dataset in chosen.datasets))
        repro(folder, "train")
        for root in [folder, Path()] if reported else [folder]:
            costs.update(chosen, folder / RUNS, CellStore(folder / CELLS), root / COSTS, root / MACHINE)
        repro(folder, *(("evaluate", "confident_learning") if chosen.on_demand else ()))
        bring_results(folder / RECORDS, RECORDS, project, chosen)
    if reported:
        repro(Path(), "--single-item", "--force", "report")
    _tell(Path() if reported else folder, f"cd {folder} && {Path(sys.executable).parent}/mlflow ui")
    click.echo(told(folder / DECIDED, folder / RAW, folder / RUNS, CellStore(folder / CELLS)), nl=False)


def _tell(folder: Path, runs: str) -> None:
    click.echo(f"\nResults page: {(folder / 'reports/index.html').resolve().as_uri()}\nEvery run:    {runs}")


if __name__ == "__main__":
    main()
