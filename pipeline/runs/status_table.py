"""The state of the grid as a table on the screen."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table

from pipeline.runs.status import STATES, MethodStatus, TimeLeft, cost_so_far


def status_table(rows: Sequence[MethodStatus], rest: TimeLeft, ruled: bool) -> Table:
    """A row per method of one dataset; states that no cell is in have no column. ruled: a line under the heads."""
    table = Table(box=box.SIMPLE if ruled else None)
    states = [state for state in STATES if any(row.counts[state] for row in rows)]
    for name in (rows[0].dataset, "cells", *states, "cost so far", "left"):
        table.add_column(name, justify="right" if table.columns else "left")
    for row in rows:
        counts = [str(row.counts[state] or "") for state in states]
        table.add_row(row.method, str(len(row.cells)), *counts, cost_so_far([row]), rest.text([row]))
    return table
