"""A report of synthetic records with every kind of table and figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.reporting.page.build import build_report
from pipeline.reporting.results.report_scope import MethodInfo, Subject
from tests.reporting.conftest import (
    DATASETS,
    METHODS,
    RONO,
    project,
    write_costs,
    write_records,
    write_sign_bits,
    write_suspicion,
)
from tests.support.protocol_records import write_protocol

ALL = [*METHODS, RONO]


def write_report(folder: Path) -> Path:
    """Return the folder of the report; records and costs stand beside it."""
    records = write_sign_bits(write_suspicion(write_protocol(write_records(folder / "records"))))
    write_costs(folder)
    report_of(records, folder / "out")
    return folder / "out"


def report_of(records: Path, out: Path, methods: Sequence[MethodInfo] = ALL) -> None:
    """Build the report of the records and the costs beside them."""
    costs, machine = records.parent / "cost.csv", records.parent / "machine.json"
    build_report(records, out, Subject(project(), DATASETS, methods), costs, machine)
