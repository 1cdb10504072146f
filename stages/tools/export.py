"""Make a trained cell a folder that can be taken away."""

from __future__ import annotations

from pathlib import Path

import click
import torch

from pipeline.config.project import Project
from pipeline.core.progress import counting
from pipeline.explore.search import bundle
from pipeline.explore.search.card import model_card
from pipeline.explore.search.loaded_run import load_run, model_file
from pipeline.records.reader import Records
from pipeline.runs.finished_cell import FinishedCell
from stages.command import stage
from stages.paths import RAW, RECORDS

FOLDER = click.Path(path_type=Path)


@stage
@click.option(
    "--run",
    type=FOLDER,
    required=True,
    help="A folder below data/runs, of the experiment's first seed.",
)
@click.option("--out", type=FOLDER, required=True, help="The bundle: a folder that is not there yet.")
def main(project: Project, run: Path, out: Path) -> None:
    """Write model, fitted extractors, class names and a model card, all that stages.tools.search needs.

    Example: python -m stages.tools.export --run data/runs/emoji/mrl/default-symmetric-0.4-0 --out build/mrl-emoji
    """
    cell = FinishedCell.read(run)
    loaded = load_run(project, cell, RAW, torch.device("cpu"))
    with counting(f"export {run}"):
        card = model_card(project, cell, loaded, Records(RECORDS))
        bundle.export(project, loaded, model_file(cell), card, out)
    click.echo(f"{out} holds the model, its extractors and a model card (README.md).")


if __name__ == "__main__":
    main()
