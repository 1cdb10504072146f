"""Rebuild tables, figures and the page from the committed records, and bring MLflow in line with them."""

from __future__ import annotations

from pipeline.config.project import Project
from pipeline.reporting.page.build import build_report
from pipeline.reporting.results.report_scope import Subject
from pipeline.tracking.base import open_tracker
from pipeline.tracking.base.sync import sync
from stages.command import stage, warn
from stages.paths import COSTS, MACHINE, RECORDS, REPORTS


@stage
def main(project: Project) -> None:
    """Write reports/ from reports/records/.

    Example: python -m stages.report
    """
    build_report(RECORDS, REPORTS, Subject.of(project), COSTS, MACHINE)
    for dataset in project.shown_datasets:
        sync(open_tracker(dataset, warn), RECORDS, project, dataset)


if __name__ == "__main__":
    main()
