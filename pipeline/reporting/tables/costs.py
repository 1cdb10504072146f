"""What a method costs beside what it reaches, from the cost files that stand outside the freshness gate."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.records.broken import broken
from pipeline.records.json_record import json_content
from pipeline.reporting.results.cell_values import cell
from pipeline.reporting.results.results import CRITERION_NAMES, Results
from pipeline.reporting.tables.table import Absent, Cell, Column, Number, Row, Table
from pipeline.runs import costs

MACHINE = ("cpu", "cores", "memory_bytes", "python", "torch", "device")
Costs = Mapping[tuple[str, str, str], Mapping[str, float]]
"""Dataset, method and variant -> cells, mean seconds, largest peak memory in bytes, learned numbers."""

_UNKNOWN = Absent("not kept", "no cost was recorded for this row")


def read(file: Path) -> Costs:
    """The rows of the file of costs; no file, no costs."""
    rows = costs.read(file)
    return {key: {name: float(row[name]) for name in costs.COLUMNS[3:]} for key, row in rows.items()}


def machine(file: Path) -> str | None:
    """One sentence about the machine that they were measured on; None where no file describes it."""
    recorded: dict[str, Any] | None = json_content(file)
    if recorded is None:
        return None
    if missing := [name for name in MACHINE if name not in recorded]:
        broken(file, 1, f"a machine lacks {', '.join(missing)}")
    return (
        f"{recorded['cpu']}, {recorded['cores']} cores, {recorded['memory_bytes'] / 2**30:.0f} GiB of memory; "
        f"Python {recorded['python']}, PyTorch {recorded['torch']}, device {recorded['device']}."
    )


def cost_table(known: Costs, results: Results) -> Table | None:
    """A row per entry of one dataset: MAP, seconds, memory and parameters; None where nothing was recorded."""
    rows, scope = [], results.scope
    for entry in scope.entries:
        cost = known.get((results.dataset.name, entry.method.name, entry.variant))
        quality = cell(results.mean(entry, scope.noises[0], scope.rates, results.headline))
        rows.append(Row(entry.label, [quality, *_cells(cost)], method=entry.method.name))
    if not any((results.dataset.name, entry.method.name, entry.variant) in known for entry in scope.entries):
        return None
    return Table(
        name=f"{results.dataset.name}_costs",
        title=f"{results.dataset.display}, what it costs",
        caption=f"MAP ({CRITERION_NAMES[results.headline]}, mean of directions, rates and seeds), then what one "
        "training run took: seconds of wall-clock time on one thread, evaluation on validation and diagnosis of the "
        "training labels included, mean over cells; the most memory that the process held up to then, its libraries, "
        "the features and its earlier runs included; learned numbers in millions.",
        stub="method",
        levels=("measure",),
        columns=[
            Column(("MAP",)),
            Column(("seconds per run",), ranked=False, decimals=1),
            Column(("peak memory, MiB",), ranked=False, decimals=0),
            Column(("parameters, millions",), ranked=False, decimals=3),
            Column(("cells measured",), ranked=False, decimals=0),
        ],
        rows=rows,
    )


def _cells(cost: Mapping[str, float] | None) -> list[Cell]:
    if cost is None:
        return [_UNKNOWN] * 4
    values = (cost["seconds"], cost["peak_memory"] / 2**20, cost["parameters"] / 1e6, cost["cells"])
    return [Number(value) for value in values]
