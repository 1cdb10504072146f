"""The trained cell that stands for a dataset where nobody names one."""

from __future__ import annotations

from pathlib import Path

from pipeline.config.project import Project
from pipeline.core.errors import BadInput
from pipeline.runs.finished_cell import MODEL


def default_run(project: Project, dataset: str, runs: Path) -> Path:
    """The folder of the first cell that keeps a model: of the method that the viewer opens with, else of the next one.

    runs: the dataset's folder of finished cells. Raises BadInput where no cell keeps one.
    """
    first = None if project.viewer is None else project.viewer.a
    for method in sorted(project.grids(dataset)[0].methods, key=lambda name: name != first):
        for file in sorted((runs / method).glob(f"*/{MODEL}")):
            return file.parent
    raise BadInput("no finished cell keeps a model", str(runs), "train one, or name a bundle by --bundle")
