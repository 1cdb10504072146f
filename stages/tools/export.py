"""Make a trained cell a folder that can be taken away."""

from __future__ import annotations

from pathlib import Path

import click
import torch

from pipeline.config.project import Project
from pipeline.core.errors import BadParams
from pipeline.core.progress import counting
from pipeline.explore.search import bundle
from pipeline.explore.search.card import model_card
from pipeline.explore.search.loaded_run import load_run, model_file
from pipeline.records.reader import Records
from pipeline.runs.finished_cell import FinishedCell
from stages.command import stage
from stages.home import run_of
from stages.paths import BUILD, RAW, RECORDS

FOLDER = click.Path(path_type=Path)


@stage
@click.argument("dataset", required=False)
@click.option("--run", type=FOLDER, help="A folder below data/runs, of the experiment's first seed.")
@click.option("--out", type=FOLDER, help="A folder that is not there yet.  [default: build/<method>-<dataset>]")
def main(project: Project, dataset: str | None, run: Path | None, out: Path | None) -> None:
    """Write model, fitted extractors, class names and a model card, all that stages.tools.search needs. With DATASET
    and no --run: of the method that its viewer opens with.

    Example: python -m stages.tools.export --run data/runs/emoji/mrl/default-symmetric-0.4-0 --out build/mrl-emoji
    """
    folder, project, run = run_of(project, dataset, run)
    if run is None:
        raise BadParams("one of the two is needed", "DATASET and --run", "name a dataset or the folder of a cell")
    cell = FinishedCell.read(run)
    out = out or BUILD / f"{cell.key.method}-{cell.key.dataset}"
    loaded = load_run(project, cell, folder / RAW, torch.device("cpu"))
    with counting(f"export {run}"):
        card = model_card(project, cell, loaded, Records(folder / RECORDS))
        bundle.export(project, loaded, model_file(cell), card, out)
    click.echo(f"{out} holds the model, its extractors and a model card (README.md).")


if __name__ == "__main__":
    main()
