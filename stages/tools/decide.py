"""Apply decisions about suspected labels to a copy of the labels."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.config.project import Project
from pipeline.data.base import configured
from pipeline.data.base import store as raw_store
from pipeline.explore.decisions import gain
from pipeline.explore.decisions.corrected import write_corrected
from pipeline.explore.decisions.decisions import read_decisions
from stages.command import stage
from stages.home import home_of
from stages.paths import DECIDED, RAW, RUNS


@stage
@click.argument("dataset")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def main(project: Project, dataset: str, files: tuple[Path, ...]) -> None:
    """Apply the decisions in FILES, which the sheet of `suspects` writes, to a copy of the table of DATASET.

    The new table stands beside the old one, with the corrected labels, what they were before, what was decided and by
    whom. Nothing else is changed.

    Example: python -m stages.tools.decide my_photos my_photos-decisions.csv
    """
    decisions = read_decisions([file.absolute() for file in files], dataset)
    with home_of(dataset) as own:
        raw = raw_store.read(RAW / dataset)
        written = write_corrected(configured(own, dataset), raw, decisions, dataset)
        gain.remember(DECIDED / f"{dataset}.json", RUNS / dataset, raw_store.read_manifest(RAW / dataset), decisions)
    click.echo(f"{len(decisions)} decisions, {written.changed} labels corrected: {written.file}")
    click.echo(f"Start again with it (`python -m stages.tools.start {written.file} --name {dataset}`), or set")
    click.echo(f"{written.setting} in params.yaml, datasets.{dataset}.load, and run the experiment again; then")
    click.echo(f"`python -m stages.tools.gain {dataset}` tells what that gained.")


if __name__ == "__main__":
    main()
