"""Look at the raw samples of a dataset before features are extracted."""

from __future__ import annotations

import click

from pipeline import doctor
from pipeline.config.project import Project
from pipeline.core.files import write_text
from pipeline.core.progress import counting
from pipeline.data.base import configured
from pipeline.data.base import store as rawstore
from stages.command import stage, warn
from stages.paths import FINDINGS, RAW


@stage
@click.argument("dataset")
def main(project: Project, dataset: str) -> None:
    """Warn of what is wrong with the raw samples of DATASET, and stop where nothing sound can be computed from them.

    Example: python -m stages.examine emoji
    """
    raw = rawstore.read(RAW / dataset)
    with counting(f"examine {dataset}") as progress:
        findings = doctor.examine(raw, dataset, configured(project, dataset), progress=progress)
    for finding in doctor.warnings(findings):
        warn(str(finding))
    write_text(FINDINGS / f"{dataset}.txt", "".join(f"{finding}\n" for finding in findings) or "nothing found\n")


if __name__ == "__main__":
    main()
