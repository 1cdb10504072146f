"""What training costs: measured cell by cell, summed up as a table beside a description of the machine."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import platform
import resource
import sys
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from statistics import mean
from typing import Any

import torch
from joblib import cpu_count

from pipeline.config.project import Experiment
from pipeline.core.cells import DONE
from pipeline.core.errors import BadInput
from pipeline.core.files import write_text
from pipeline.runs.finished_cell import RESULT, FinishedCell
from pipeline.runs.store import CellStore

COLUMNS = ("dataset", "method", "variant", "cells", "seconds", "peak_memory", "parameters")
PEAK = Path("/proc/self/clear_refs")
"""Where Linux forgets the peak of a process that writes a 5."""
SAME = ("cpu", "cores", "device")
"""What seconds depend on most; rows from another machine than that are not kept beside new ones."""

Costs = dict[tuple[str, str, str], dict[str, str]]
"""(dataset, method, variant) -> the row of the table."""


def forget_peak(device: torch.device) -> None:
    """Let peak_memory count from now on, so that a cell is not charged for an earlier one of its process.

    Where the system cannot, it counts from the start of the process.
    """
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        return
    with suppress(OSError):
        PEAK.write_text("5", encoding="ascii")


def peak_memory(device: torch.device) -> int:
    """Bytes that this process held at most: on the GPU what was allocated there, else all of it."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def machine() -> dict[str, Any]:
    """The machine that this process runs on."""
    return {
        "cpu": _processor(),
        "cores": cpu_count(),
        "memory_bytes": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
    }


def gather(runs: Path, grid: Experiment, store: CellStore) -> Costs:
    """Means of seconds, maxima of memory and the first seed's parameters, over the cells that were trained here.

    runs: what the train stage shows, <dataset>/<method>/<cell>; a cell whose cost is not in the store is left out, and
    so is one of another kind of device than this machine's.
    """
    table_rows = Costs()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    for dataset in grid.datasets:
        for method in grid.methods:
            cells = defaultdict(list)
            for file in sorted((runs / dataset / method).glob(f"*/{RESULT}")):
                cell = FinishedCell.read(file.parent)
                if cell.status == DONE and cell.fingerprint in store:
                    cost = store.read(cell.fingerprint).cost()
                    if torch.device(cost["device"]).type == device:
                        cells[cell.key.variant].append({"seed": cell.key.seed or 0} | cost)
            table_rows |= {(dataset, method, variant): _row(costs) for variant, costs in cells.items()}
    return table_rows


def update(grid: Experiment, runs: Path, store: CellStore, table: Path, about: Path) -> Costs:
    """Put what was trained here into the files that read and write know, and return its rows."""
    measured = gather(runs, grid, store)
    write(measured, table, about)
    return measured


def read(file: Path) -> Costs:
    """The table as written, empty where there is none."""
    if not file.is_file():
        return {}
    with file.open(newline="", encoding="utf-8") as lines:
        reader = csv.DictReader(lines)
        rows = list(reader)
    remedy = "restore the file from git, or remove it and run `make reproduce`"
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise BadInput(f"the columns are not {','.join(COLUMNS)}", str(file), remedy)
    table_rows = Costs()
    for number, row in enumerate(rows, start=2):
        if None in row or not all(_is_number(row[name]) for name in COLUMNS[3:]):
            raise BadInput("this is no row of costs", f"{file}, line {number}", remedy)
        key = (row["dataset"], row["method"], row["variant"])
        if key in table_rows:
            problem = "the same dataset, method and variant stand twice"
            raise BadInput(problem, f"{file}, line {number}", remedy)
        table_rows[key] = row
    return table_rows


def write(table_rows: Costs, table: Path, about: Path) -> None:
    """Put the rows into the table; others of the same machine stay.

    about: the file that describes the machine. Both files are made, empty of rows, where they are missing.
    """
    here = machine()
    if table_rows or not (table.is_file() and about.is_file()):
        kept = read(table) if _same_machine(about, here) else {}
        rows = [dict(zip(COLUMNS[:3], key, strict=True)) | row for key, row in sorted((kept | table_rows).items())]
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_text(table, text.getvalue())
        write_text(about, json.dumps(here, indent=1) + "\n")


def _row(costs: list[dict[str, Any]]) -> dict[str, str]:
    first = min(costs, key=lambda cost: cost["seed"])
    return {
        "cells": str(len(costs)),
        "seconds": f"{mean(cost['seconds'] for cost in costs):.4g}",
        "peak_memory": str(max(cost["peak_memory"] for cost in costs)),
        "parameters": str(first["parameters"]),
    }


def _is_number(text: str | None) -> bool:
    try:
        return math.isfinite(float(text or ""))
    except ValueError:
        return False


def _same_machine(about: Path, here: Mapping[str, Any]) -> bool:
    try:
        there = json.loads(about.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    return all(there.get(name) == here[name] for name in SAME)


def _processor() -> str:
    """The processor's name as its maker prints it, where the system tells."""
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text(encoding="utf-8").splitlines() if listed.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
