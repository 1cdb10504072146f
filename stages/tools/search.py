"""Find what in a gallery is nearest to a query."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click
import torch

from pipeline.config.project import Project
from pipeline.core.progress import counting
from pipeline.explore.search import search, stored_gallery
from pipeline.explore.search.bundle import run_or_bundle
from stages.command import stage
from stages.home import run_of
from stages.paths import RAW

FILE = click.Path(path_type=Path)


@stage
@click.argument("dataset", required=False)
@click.option("--run", type=FILE, help="A folder below data/runs, of the experiment's first seed.")
@click.option("--bundle", type=FILE, help="Or a folder that stages.tools.export wrote.")
@click.option("--query", required=True, help='A picture, cloud (.npy, .ply, .off), .txt, or "some words".')
@click.option("--view", help="The query's view, where several views read such files.")
@click.option("--gallery", type=FILE, help="A folder of files, or an .npz. [default with --run: its test split]")
@click.option("--into", help="The gallery's view, where several are possible.")
@click.option("-k", type=click.IntRange(min=1), default=10, show_default=True, help="How many are shown.")
@click.option("--html", type=FILE, help="Write a sheet with pictures there.")
@click.option("--save-gallery", type=FILE, help="Write the embedded gallery there (.npz), for --gallery next time.")
@click.option("--faiss", is_flag=True, help=f"Rank with faiss; without it from {search.LARGE + 1} samples on.")
def main(
    project: Project, dataset: str | None, run: Path | None, bundle: Path | None, html: Path | None, **asked: Any
) -> None:
    """Print the K samples of a gallery that are most similar to a query, across views (docs/search.md). With DATASET
    and no --run: by the method that its viewer opens with.

    Example: python -m stages.tools.search --run data/runs/emoji/mrl/default-symmetric-0.4-0 --query "red apple"
    """
    if (save_gallery := asked.pop("save_gallery")) is not None:
        stored_gallery.check(save_gallery)
    folder, project, run = run_of(project, dataset, run)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    loaded = run_or_bundle(project, run, bundle, folder / RAW, device)
    with counting("embed the query and the gallery") as progress:
        result = search.search(loaded, search.Request(**asked), partial(click.echo, err=True), progress)
    click.echo(search.table(result.hits))
    if save_gallery is not None:
        stored_gallery.save(result.gallery, loaded, save_gallery)
    if html is not None:
        search.write_sheet(html, loaded, result)


if __name__ == "__main__":
    main()
