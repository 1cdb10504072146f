"""From a folder or a table of one's own to a page of one's own."""

from __future__ import annotations

import importlib
from contextlib import chdir
from pathlib import Path

import click
from joblib import cpu_count

from pipeline.authoring.start import duration, own_project
from pipeline.authoring.start.extractors import proposed
from pipeline.authoring.start.layout import look
from pipeline.authoring.start.own_project import as_columns
from pipeline.authoring.start.understood import understand
from pipeline.config.load import load
from pipeline.config.project import Project
from pipeline.records.reader import Records
from pipeline.runs import costs
from stages.command import stage
from stages.paths import BUILD, COSTS, PARAMS, RECORDS

STAGES = ("fetch", "examine", "features", "probe", "plan", "noise", "train", "evaluate", "viewer", "tools.own_page")
"""Run in this process, one after the other: a process of its own each, or DVC between them, would cost seconds."""


@stage
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--name", help="What the dataset is called.  [default: the folder's name]")
@click.option("--column", "columns", multiple=True, help="E.g. label=topic: a column that is not found by itself.")
def main(project: Project, path: Path, name: str | None, columns: tuple[str, ...]) -> None:
    """Look at PATH, a folder or a table of pairs, say what it holds, train on it and write a page: which labels look
    wrong, how good retrieval is beside chance, and what to do next. Everything goes to build/NAME, nothing else is
    touched; started again, it goes on there, with the experiment and the extractors as that folder's params.yaml has
    them.

    Example: python -m stages.tools.start ~/photos/captions.csv --column label=topic
    """
    understood = understand(look(path, as_columns(columns)))
    dataset = name or own_project.name_of(path.expanduser().resolve())
    proposals = proposed(understood)
    target = BUILD / dataset
    params = own_project.own_params(PARAMS, dataset, understood.layout, proposals, target)
    own_project.write_project(params, Path(), target)
    own = load(target / PARAMS)
    for line in [*understood.sentences(), *own_project.sentences(own, dataset, proposals)]:
        click.echo(line)
    click.echo(duration.sentence(own, dataset, understood, costs.read(COSTS), Records(RECORDS), cpu_count()))
    with chdir(target):
        for command in STAGES:
            importlib.import_module(f"stages.{command}").main([dataset], standalone_mode=False)
    click.echo(f"\nPage: {(target / own_project.PAGE).resolve().as_uri()}")


if __name__ == "__main__":
    main()
