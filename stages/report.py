"""Rebuild tables, figures and the page from the committed records, and bring MLflow in line with them."""

from __future__ import annotations

from pipeline.config.project import Project
from pipeline.core import plugins as discovery
from pipeline.core.runs import Need
from pipeline.data.base import configured
from pipeline.methods.base import Method
from pipeline.reporting.page.build import build_report
from pipeline.reporting.results.report_scope import DatasetInfo, MethodInfo, told
from pipeline.tracking.base import open_tracker
from pipeline.tracking.base.sync import sync
from stages.command import stage, warn
from stages.paths import RECORDS, REPORTS


@stage
def main(project: Project) -> None:
    """Write reports/ from reports/records/.

    Example: python -m stages.report
    """
    datasets = [_dataset(name, project) for name in project.shown_datasets]
    methods = [_method(name, project) for name in project.shown_methods]
    build_report(RECORDS, REPORTS, project, datasets, methods, REPORTS)
    for dataset in project.shown_datasets:
        sync(open_tracker(dataset, warn), RECORDS, project, dataset)


def _dataset(name: str, project: Project) -> DatasetInfo:
    found = configured(project, name)
    file = project.dataset(name).source or None
    return DatasetInfo(name, found.display, found.task, found.source, found.licence, file)


def _method(name: str, project: Project) -> MethodInfo:
    kind = discovery.find("pipeline.methods", name, Method)
    variants = project.method(name).variant_names
    return MethodInfo(name, kind.display, kind.paper, variants, Need.LABELS not in kind.needs, *told(kind))


if __name__ == "__main__":
    main()
