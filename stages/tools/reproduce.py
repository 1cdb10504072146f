"""Run the grid and say where the results are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click

from pipeline.errors import BadParams
from pipeline.params import Params, block, grid_of
from stages.command import Mistake, stage
from stages.paths import RECORDS
from stages.tools.sandbox import make_sandbox

BUILD = Path("build")


@stage
@click.option("--grid", type=click.Choice(["default", "small"]), default="default", help="The whole grid or a cut.")
@click.option("--dataset", help="Instead of the grid, one dataset by its own protocol (its block `grid`).")
def main(params: Params, grid: str, dataset: str | None) -> None:
    """Run `dvc repro` here; a small grid, or a paper's protocol, in a copy of the project under build/.

    The files of a protocol are read anew; its records are then brought here, where the report shows them.

    Example: python -m stages.tools.reproduce --dataset mnist3d_rono
    """
    folder = Path()
    if dataset is not None:
        _needs_own_grid(params, dataset)
        folder = BUILD / dataset
        make_sandbox(Path(), folder, grid_of(params, dataset) | {"datasets": [dataset]})
        _dvc(folder, "--single-item", "--force", f"fetch@{dataset}")
    elif grid == "small":
        folder = BUILD / "small"
        make_sandbox(Path(), folder, block(params, "small"))
    _dvc(folder)
    if dataset is not None:
        _bring(folder / RECORDS, dataset)
        _dvc(Path(), "--single-item", "--force", "report")
        folder = Path()
    page = (folder / "reports" / "index.html").resolve()
    where = f"cd {folder} && " if folder.parts else ""
    click.echo(f"\nResults page: {page.as_uri()}")
    click.echo(f"Every run:    {where}{Path(sys.executable).parent}/mlflow ui   then open http://127.0.0.1:5000")


def _needs_own_grid(params: Params, dataset: str) -> None:
    if "grid" not in block(params, "datasets", dataset):
        raise BadParams(
            f"'{dataset}' has no protocol of its own",
            f"params.yaml, datasets.{dataset}",
            "run the grid without --dataset, or give the dataset a block `grid`",
        )
    if dataset not in block(params, "report", "datasets"):
        raise BadParams(f"'{dataset}' is not shown", "params.yaml, report.datasets", "add it to the list")


def _dvc(folder: Path, *options: str) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-m", "dvc", "repro", *options]
    if subprocess.run(command, cwd=folder, env=os.environ | {"PATH": path}, check=False).returncode:
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
