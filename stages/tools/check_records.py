"""Are the committed records those of the code and the parameters as they stand?"""

from __future__ import annotations

import click

from pipeline.config.project import Project
from pipeline.records.freshness import check_cells
from pipeline.records.reader import Records
from pipeline.runs import tuning
from stages.command import stage
from stages.paths import RECORDS


@stage
def main(project: Project) -> None:
    """Recompute the code and parameter fingerprint of every record that the report is made from, and compare the
    settings of the grid with what tuning chose.

    Example: python -m stages.tools.check_records
    """
    records, tuned = Records(RECORDS), tuning.tuning_of(project).methods
    checked = check_cells(project, records, project.shown_datasets)
    for method, variants in tuned.items():
        trials = records.tuning(method)
        for variant in variants:
            tuning.check(project, method, variant, [trial for trial in trials if trial["variant"] == variant])
    click.echo(
        f"{checked} cells were made by the code and parameters as they stand; {len(tuned)} methods are set as tuned."
    )


if __name__ == "__main__":
    main()
