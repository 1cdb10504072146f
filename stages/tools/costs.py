"""What training costs, as a table beside the results."""

from __future__ import annotations

import click

from pipeline.config.project import Project
from pipeline.runs import costs
from pipeline.runs.store import CellStore
from stages.command import stage
from stages.paths import CELLS, COSTS, MACHINE, RUNS


@stage
def main(project: Project) -> None:
    """Write reports/cost.csv: seconds, peak memory and parameters of what was trained in this folder, a row per
    dataset, method and variant; and reports/machine.json: on what machine.

    Rows of what was not trained here stay if they are of the same machine.

    Example: python -m stages.tools.costs
    """
    measured = costs.update(project.experiments[0], RUNS, CellStore(CELLS), COSTS, MACHINE)
    click.echo(f"{COSTS}: {len(measured)} rows of what was trained here, {len(costs.read(COSTS))} in all.")


if __name__ == "__main__":
    main()
