"""The page of a dataset of one's own."""

from __future__ import annotations

import os
from pathlib import Path

import click

from pipeline.authoring.start.own_project import PAGE
from pipeline.config.project import Project
from pipeline.core.errors import PipelineError
from pipeline.core.files import write_text
from pipeline.core.progress import counting
from pipeline.explore.own_page.own_page import Links, page
from pipeline.explore.suspects import suspect_sheet
from pipeline.explore.suspects.asked import Asked, Places, answer
from pipeline.records.reader import Records
from stages.command import stage
from stages.home import home_of
from stages.paths import FEATURES, JUDGED, NOISE, RAW, RECORDS, RUNS, VIEWER

PLACES = Places(RAW, FEATURES, NOISE, RUNS, JUDGED)
JUDGE = Asked(method="witness", variant="default", noise=None, rate=None, seed=None, every_split=False)
SUSPECTS = Path("suspects")


@stage
@click.argument("dataset")
def main(project: Project, dataset: str) -> None:
    """Write the page of DATASET into the folder of its project, and the sheet and the table of suspects beside it, from
    its records and its finished cells.

    Example: python -m stages.tools.own_page my_photos
    """
    with home_of(dataset) as own, counting(f"{dataset}: page and sheet of suspects"):
        viewer = os.path.relpath(VIEWER / f"{dataset}.html", PAGE.parent)
        try:
            suspected, display, judge = answer(own, dataset, JUDGE, PLACES)
        except PipelineError as reason:  # whatever it is, the page says it where the suspects would stand
            text = page(own, dataset, Records(RECORDS), reason, "Witness", Links(viewer))
        else:
            table, sheet = suspect_sheet.write(suspected, SUSPECTS, display, judge)
            links = Links(viewer, sheet.as_posix(), table.as_posix())
            text = page(own, dataset, Records(RECORDS), suspected, judge, links)
        write_text(PAGE, text)


if __name__ == "__main__":
    main()
