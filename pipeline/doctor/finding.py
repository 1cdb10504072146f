"""What an examination of a dataset tells: how grave it is, and one sentence."""

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
    severity: Severity
    problem: PipelineError

    def __str__(self) -> str:
        return f"{self.severity.name.lower()}: {self.problem}"


def found(severity: Severity, what: str, where: str, remedy: str) -> Finding:
    return Finding(severity, BadInput(what, where, remedy))


def marked(
    severity: Severity, what: str, mask: Array, ids: Sequence[str], where: str, remedy: str
) -> Iterator[Finding]:
    """One finding that counts the samples that mask (n booleans) marks and names the first; none if it marks none."""
    rows = np.flatnonzero(mask)
    if len(rows):
        first = f"{len(rows)} of {len(mask)} samples, the first is '{ids[int(rows[0])]}'"
        yield found(severity, f"{what}: {first}", where, remedy)
