"""Bring the raw samples of a dataset into data/raw."""

from __future__ import annotations

import click

from pipeline.config.project import Project
from pipeline.core.errors import MissingFiles
from pipeline.core.progress import counting
from pipeline.data.base import configured, lacking
from pipeline.data.base import store as rawstore
from pipeline.data.base.download import download
from stages.command import stage
from stages.paths import RAW


@stage
@click.argument("dataset")
def main(project: Project, dataset: str) -> None:
    """Download what is openly served of DATASET, load it, split it by concept and store its raw samples.

    Example: python -m stages.fetch emoji
    """
    source = configured(project, dataset)
    try:
        for file in lacking(source):
            with counting(f"download {file.name}") as progress:
                download(file.url, source.folder / file.name, file.size, file.sha256, progress)
    except MissingFiles as failure:
        click.echo(f"Warning: {failure}", err=True)
    with counting(f"fetch {dataset}") as progress:
        raw = source.load(progress)
    rawstore.write(raw, RAW / dataset)


if __name__ == "__main__":
    main()
