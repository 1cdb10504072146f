"""Run the grid and say where the results are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click

from pipeline.params import Params, block
from stages.command import Mistake, stage
from stages.tools.sandbox import make_sandbox

SMALL = Path("build/small")


@stage
@click.option("--grid", type=click.Choice(["default", "small"]), default="default", help="The whole grid or a cut.")
def main(params: Params, grid: str) -> None:
    """Run `dvc repro` here, or on a small grid in a copy of the project under build/small.

    Example: python -m stages.tools.reproduce --grid small
    """
    folder = Path()
    if grid == "small":
        folder = SMALL
        make_sandbox(Path(), folder, block(params, "small"))
    if subprocess.run(["dvc", "repro"], cwd=folder, check=False).returncode:
        raise Mistake("dvc repro stopped: the message above says why; what is finished is kept, run it again.")
    page = (folder / "reports" / "index.html").resolve()
    where = "" if grid == "default" else f"cd {folder} && "
    click.echo(f"\nResults page: {page.as_uri()}")
    click.echo(f"Every run:    {where}{Path(sys.executable).parent}/mlflow ui   then open http://127.0.0.1:5000")


if __name__ == "__main__":
    main()
