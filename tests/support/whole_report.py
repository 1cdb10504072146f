"""A report of synthetic records with every kind of table and figure."""

from __future__ import annotations

from pathlib import Path

from pipeline.reporting.page.build import build_report
from pipeline.reporting.results.report_scope import Subject
from tests.reporting.conftest import DATASETS, METHODS, RONO, project, write_costs, write_records, write_suspicion
from tests.support.protocol_records import write_protocol

ALL = [*METHODS, RONO]


def write_report(folder: Path) -> Path:
    """The folder of the report; records and costs stand beside it."""
    records = write_suspicion(write_protocol(write_records(folder / "records")))
    write_costs(folder)
    build_report(records, folder / "out", Subject(project(), DATASETS, ALL))
    return folder / "out"
