"""The same numbers for programs: `dvc metrics` and `dvc plots`."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from itertools import product
from typing import Any

from pipeline.core.criteria import CRITERIA
from pipeline.reporting.results.cell_values import cell
from pipeline.reporting.results.results import Results
from pipeline.reporting.tables.table import Number


def metrics(results: Sequence[Results]) -> str:
    """dataset -> noise -> method -> rate -> MAP (mean of directions and seeds, the dataset's headline criterion)."""
    scores: dict[str, Any] = {}
    for one in results:
        for noise, entry, rate in product(one.scope.noises, one.scope.entries, one.scope.rates):
            number = cell(one.mean(entry, noise, [rate], one.headline))
            if isinstance(number, Number):
                rows = scores.setdefault(one.dataset.name, {}).setdefault(noise, {})
                rows.setdefault(entry.label, {})[str(rate)] = float(f"{number.mean:.6g}")
    return json.dumps(scores, indent=2) + "\n"


def map_against_rate(results: Sequence[Results]) -> str:
    """Every point of the MAP figures."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["dataset", "noise", "method", "direction", "criterion", "rate", "map", "std", "n"])
    for one in results:
        scope = one.scope
        for point in product(scope.noises, scope.entries, one.directions, CRITERIA, scope.rates):
            noise, entry, direction, criterion, rate = point
            number = cell(one.outcome(entry, noise, rate, criterion, direction))
            if isinstance(number, Number):
                std = "" if number.std is None else f"{number.std:.6g}"
                key = [one.dataset.name, noise, entry.label, direction, criterion, rate]
                writer.writerow([*key, f"{number.mean:.6g}", std, number.n])
    return buffer.getvalue()
