"""Findings of an examination: how grave, and one sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from pipeline.core.errors import BadInput, PipelineError
from pipeline.core.splits import Array


class Severity(IntEnum):
    """ERROR: nothing sound can be computed; WARNING: results mean less; NOTE: worth knowing.

    The values are the command's exit codes.
    """

    NOTE = 0
    WARNING = 1
    ERROR = 2


@dataclass(frozen=True)
class Finding:
    """What is wrong with a dataset, and how much that matters."""

    severity: Severity
    problem: PipelineError

    def __str__(self) -> str:
        return f"{self.severity.name.lower()}: {self.problem}"


def finding(severity: Severity, problem: str, place: str, remedy: str) -> Finding:
    """A finding from the parts of its sentence."""
    return Finding(severity, BadInput(problem, place, remedy))


def marked(
    severity: Severity, problem: str, mask: Array, ids: Sequence[str], place: str, remedy: str
) -> Iterator[Finding]:
    """One finding that counts the samples in mask (n booleans) and names the first; none if there are none."""
    rows = np.flatnonzero(mask)
    if len(rows):
        first = f"{len(rows)} of {len(mask)} samples, the first is '{ids[int(rows[0])]}'"
        yield finding(severity, f"{problem}: {first}", place, remedy)
