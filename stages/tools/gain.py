"""What corrected labels gained."""

from __future__ import annotations

import click

from pipeline.config.project import Project
from pipeline.data.base import store as raw_store
from pipeline.explore.decisions.gain import gains, sentences
from pipeline.runs.store import CellStore
from stages.command import stage
from stages.home import home_of
from stages.paths import CELLS, DECIDED, RAW, RUNS


@stage
@click.argument("dataset")
def main(project: Project, dataset: str) -> None:
    """Print by how much MAP on DATASET has changed since `decide`, method by method, with 95 % intervals over queries.

    Both runs are judged on the samples that both held out, by the labels as they are now (docs/suspects.md).

    Example: python -m stages.tools.gain my_photos
    """
    with home_of(dataset):
        manifest = raw_store.read_manifest(RAW / dataset)
        compared = gains(DECIDED / f"{dataset}.json", RUNS / dataset, manifest, CellStore(CELLS))
    for line in sentences(*compared):
        click.echo(line)


if __name__ == "__main__":
    main()
