"""Look at a dataset before anything is trained on it."""

from __future__ import annotations

import click

from pipeline import doctor
from pipeline.config.project import Project
from pipeline.core.progress import counting
from pipeline.doctor.stored import examine_stored
from stages.command import stage, warn
from stages.home import home_of
from stages.paths import FEATURES, RAW


@stage
@click.argument("datasets", nargs=-1)
def main(project: Project, datasets: tuple[str, ...]) -> None:
    """Print one sentence per finding in DATASETS: those of the grid and all whose files are there, if none is named.

    Exit code 0: notes at most; 1: warnings; 2: errors. The features stage stops at an error.

    Example: python -m stages.tools.doctor emoji
    """
    worst = 0
    for dataset in datasets or doctor.within_reach(project, RAW):
        with home_of(dataset) as own, counting(f"examine {dataset}") as progress:
            findings = examine_stored(own, dataset, RAW / dataset, FEATURES / dataset, progress, warn)
        for finding in findings:
            click.echo(str(finding))
        if not findings:
            click.echo(f"{dataset}: nothing found.")
        worst = max([worst, *(finding.severity for finding in findings)])
    click.get_current_context().exit(int(worst))


if __name__ == "__main__":
    main()
