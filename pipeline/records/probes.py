"""The probes: test accuracy of a linear classifier on the features of each extractor that was tried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.records.json_record import JsonRecord


def _check(probe: Mapping[str, Any]) -> str | None:
    accuracy, dimension = probe["accuracy"], probe["dimension"]
    if not isinstance(accuracy, int | float) or not 0 <= accuracy <= 1:
        return f"accuracy '{accuracy}' is outside 0..1"
    return None if isinstance(dimension, int) else f"dimension '{dimension}' is no whole number"


PROBES = JsonRecord("probes", "probe", ("view", "extractor", "dimension", "accuracy", "used"), _check)
