"""Where the grid stands."""

from __future__ import annotations

from contextlib import nullcontext

import click
from rich.console import Console

from pipeline.config.project import Project
from pipeline.records.reader import Records
from pipeline.runs import costs
from pipeline.runs.status import MethodStatus, TimeLeft, method_status, sentence, workers
from pipeline.runs.status_table import status_table
from pipeline.runs.store import CellStore
from stages.command import stage
from stages.home import home_of
from stages.paths import CELLS, COSTS, FEATURES, NOISE, RECORDS


@stage
@click.argument("dataset", required=False)
def main(project: Project, dataset: str | None) -> None:
    """Print how many cells of every dataset and method are done, running, missing or failed, and why; what they have
    cost and about how long the rest takes. With DATASET: of the project that has it, which may stand under build/.

    Recorded: a committed record by the code of today, but not trained in this folder; `dvc repro` trains it.

    Example: python -m stages.tools.status
    """
    with home_of(dataset) if dataset else nullcontext(project) as chosen:
        _tell(chosen)


def _tell(project: Project) -> None:
    records, store = Records(RECORDS), CellStore(CELLS)
    rest = TimeLeft(costs.read(COSTS), workers())
    looked_at = Console().is_terminal
    console = Console(soft_wrap=True, highlight=False, width=None if looked_at else 160)
    grid: list[MethodStatus] = []
    for dataset in project.experiments[0].datasets:
        rows = []
        for method in project.experiments[0].methods:
            cells = records.recorded_cells(dataset, method)
            recorded = [(cell.key, {"code": cell.code, "reason": cell.reason}) for cell in cells]
            rows.append(method_status(project, dataset, method, (FEATURES / dataset, NOISE / dataset), store, recorded))
        console.print(status_table(rows, rest, console.is_terminal), soft_wrap=not console.is_terminal)
        for line in [f"{row.method}, {reason}" for row in rows for reason in row.reasons()]:
            console.print(line, soft_wrap=True, highlight=False)
        console.print(f"{dataset}: {sentence(rows, rest)}\n", soft_wrap=True, highlight=False)
        grid += rows
    console.print(f"The whole grid: {sentence(grid, rest)}", soft_wrap=True, highlight=False)


if __name__ == "__main__":
    main()
