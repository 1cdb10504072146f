"""The project that has a dataset, for commands that are given the dataset's name alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

from pipeline.config.load import load
from pipeline.config.project import Project
from pipeline.core.errors import UnknownName
from pipeline.explore.search.default_run import default_run
from pipeline.runs.dataset_home import dataset_home, own_projects
from stages.paths import BUILD, PARAMS, RAW, RUNS


def located(dataset: str) -> tuple[Path, Project]:
    """The folder of the project that has a dataset, from the root, and the project. Raises UnknownName."""
    folder = dataset_home(dataset, RAW, BUILD)
    project = load(folder / PARAMS)
    if dataset not in project.datasets:
        known = {*project.datasets, *own_projects(BUILD)}
        raise UnknownName(dataset, known, f"{PARAMS}, datasets, and projects under {BUILD}")
    return folder, project


@contextmanager
def home_of(dataset: str) -> Iterator[Project]:
    """The same project, in whose folder the command works meanwhile.

    What a person names by a relative path has to be resolved before.
    """
    folder, project = located(dataset)
    with chdir(folder):
        yield project


def run_of(project: Project, dataset: str | None, run: Path | None) -> tuple[Path, Project, Path | None]:
    """The project's folder, the project and the cell: those of a dataset where one is named, else as they are given."""
    if dataset is None:
        return Path(), project, run
    folder, project = located(dataset)
    return folder, project, run or default_run(project, dataset, folder / RUNS / dataset)
