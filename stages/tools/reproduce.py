"""Run the grid and say where the results are."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path

import click

from pipeline.config.params import Params, block, grid_of, load
from pipeline.core.errors import BadParams
from pipeline.core.progress import Countdown
from pipeline.runs import costs
from pipeline.runs.status import Rest, untouched, workers
from pipeline.runs.store import CellStore
from stages.command import Mistake, stage
from stages.paths import CELLS, COSTS, MACHINE, PARAMS, RECORDS, RUNS
from stages.tools.sandbox import make_sandbox

BUILD = Path("build")
STAGE = re.compile("(?P<runs>Running )?[Ss]tage '(?P<name>[^']+)'")
"""How DVC says that it runs a stage, or passes over one."""


@stage
@click.option("--grid", type=click.Choice(["default", "small"]), default="default", help="The whole grid or a cut.")
@click.option("--dataset", help="Instead of the grid, one dataset by its own protocol (its block `grid`).")
def main(params: Params, grid: str, dataset: str | None) -> None:
    """Run `dvc repro` here; a small grid, or a paper's protocol, in a copy of the project under build/.

    The files of a protocol are read anew; its records and what it cost are then brought here, where the report shows
    them.

    Example: python -m stages.tools.reproduce --dataset mnist3d_rono
    """
    folder = Path()
    if dataset is not None:
        if grid != "default":
            raise Mistake(
                f"a protocol has no small grid: leave out GRID={grid} (--grid), or DATASET={dataset} (--dataset)."
            )
        _needs_own_grid(params, dataset)
        folder = BUILD / dataset
        make_sandbox(Path(), folder, grid_of(params, dataset) | {"datasets": [dataset]})
        _dvc(folder, "--single-item", "--force", f"fetch@{dataset}")
    elif grid == "small":
        folder = BUILD / "small"
        make_sandbox(Path(), folder, block(params, "small"))
    trained = load(folder / PARAMS)
    _dvc(folder, "train", tell=_countdown(trained))
    _write_costs(trained, folder, folder)
    _dvc(folder)
    if dataset is not None:
        _bring(folder / RECORDS, dataset)
        _write_costs(trained, folder, Path())
        _dvc(Path(), "--single-item", "--force", "report")
        folder = Path()
    page = (folder / "reports" / "index.html").resolve()
    click.echo(f"\nResults page: {page.as_uri()}")
    elsewhere = f"cd {folder} && {Path(sys.executable).parent}/mlflow ui   then open http://127.0.0.1:5000"
    click.echo(f"Every run:    {elsewhere if folder.parts else 'make ui'}")


def _needs_own_grid(params: Params, dataset: str) -> None:
    if "grid" not in block(params, "datasets", dataset):
        raise BadParams(
            f"'{dataset}' has no protocol of its own",
            f"params.yaml, datasets.{dataset}",
            "run the grid without --dataset, or give the dataset a block `grid`",
        )
    if dataset not in block(params, "report", "datasets"):
        raise BadParams(f"'{dataset}' is not shown", "params.yaml, report.datasets", "add it to the list")


def _countdown(params: Params) -> Countdown:
    """The train stages, as long as the table of costs says."""
    rest = Rest(costs.read(COSTS), workers())
    pairs = product(block(params, "grid", "datasets"), block(params, "grid", "methods"))
    return Countdown({f"train@{d}-{m}": rest.seconds([untouched(params, d, m)]) for d, m in pairs})


def _write_costs(params: Params, trained: Path, shown: Path) -> None:
    grid, store = block(params, "grid"), CellStore(trained / CELLS)
    found = costs.gather(trained / RUNS, grid["datasets"], grid["methods"], store)
    costs.write(found, shown / COSTS, shown / MACHINE)


def _dvc(folder: Path, *arguments: str, tell: Countdown | None = None) -> None:
    """Run `dvc repro`, without a line for every stage that it passes over. tell: what to say when a stage starts."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-m", "dvc", "repro", *arguments]
    environment = os.environ | {"PATH": path, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, encoding="utf-8", errors="replace"
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            found = STAGE.match(line)
            runs = found is None or bool(found["runs"])
            told = tell.reach(found["name"], runs) if tell and found else ""
            if runs:
                click.echo(f"{line.rstrip().rstrip(':')} ({told}):" if told else line.rstrip())
    if process.returncode:
        raise Mistake("dvc repro stopped: the message above says why; what is finished is kept, run it again.")


def _bring(records: Path, dataset: str) -> None:
    """Copy one dataset's records: <kind>/<dataset>.json and <kind>/<dataset>/<method>.*"""
    for found in records.glob(f"*/{dataset}*"):
        target = RECORDS / found.relative_to(records)
        if found.is_dir() and found.name == dataset:
            shutil.copytree(found, target, dirs_exist_ok=True)
        elif found.stem == dataset:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(found, target)


if __name__ == "__main__":
    main()
