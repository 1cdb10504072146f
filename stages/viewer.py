"""Write the retrieval viewer of a dataset, a page for looking at what methods find."""

from __future__ import annotations

import click

from pipeline.config.project import Project
from pipeline.core.files import write_text
from pipeline.data.base import configured
from pipeline.data.base import store as rawstore
from pipeline.explore.viewer import viewer
from stages.command import stage
from stages.paths import RAW, RUNS, VIEWER


@stage
@click.argument("dataset")
def main(project: Project, dataset: str) -> None:
    """Write reports/viewer/DATASET.html from the raw test samples and the finished cells.

    Example: python -m stages.viewer emoji
    """
    display = configured(project, dataset).display
    page = viewer.page(project, dataset, display, rawstore.read(RAW / dataset), RUNS / dataset)
    write_text(VIEWER / f"{dataset}.html", page)


if __name__ == "__main__":
    main()
