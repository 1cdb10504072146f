"""Rebuild tables, figures and the page from the committed records, and bring MLflow in line with them."""

from __future__ import annotations

from pipeline.config.params import Params, block
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
def main(params: Params) -> None:
    """Write reports/ from reports/records/.

    Example: python -m stages.report
    """
    shown = block(params, "report")
    datasets = [_dataset(name, params) for name in shown["datasets"]]
    methods = [_method(name, params) for name in shown["methods"]]
    build_report(RECORDS, REPORTS, params, datasets, methods, REPORTS)
    for dataset in shown["datasets"]:
        sync(open_tracker(dataset, warn), RECORDS, params, dataset)


def _dataset(name: str, params: Params) -> DatasetInfo:
    found = configured(params, name)
    file = block(params, "datasets", name).get("source")
    return DatasetInfo(name, found.display, found.task, found.source, found.licence, file)


def _method(name: str, params: Params) -> MethodInfo:
    kind = discovery.find("pipeline.methods", name, Method)
    variants = tuple(block(params, "methods", name, "variants"))
    return MethodInfo(name, kind.display, kind.paper, variants, Need.LABELS not in kind.needs, *told(kind))


if __name__ == "__main__":
    main()
