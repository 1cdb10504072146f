"""What an extractor has learned, in a form that files can hold without pickles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core.errors import BadInput
from pipeline.core.files import sha256
from pipeline.core.splits import Array

LARGEST = 1e12
"""Learned numbers, tables of 32 bits among them, stay far below; squares of theirs fit into float32."""


@dataclass(frozen=True)
class Weights:
    """A file that others ship: who in which version, and its SHA-256, empty where the file is not there yet."""

    shipped_by: str
    sha256: str

    @classmethod
    def of(cls, shipped_by: str, file: Path) -> Weights:
        return cls(shipped_by, sha256(file) if file.is_file() else "")

    def check(self, stored: Weights, owner: str) -> None:
        """Raise BadInput if these are other weights than those that a state refers to.

        A file that is not there yet is downloaded when it is needed, and checked then.
        """
        if self.sha256 and self.sha256 != stored.sha256:
            problem = f"its weights are not those of the bundle (SHA-256 {stored.sha256[:16]}...)"
            raise BadInput(problem, owner, f"get those of {stored.shipped_by}")


@dataclass(frozen=True)
class State:
    """All that an extractor has learned.

    arrays: by name; words: a vocabulary in the order of its indices; numbers: what fits into JSON; weights: a file
    that is referred to and not stored.
    """

    arrays: Mapping[str, Array] = field(default_factory=dict)
    words: Sequence[str] = ()
    numbers: Mapping[str, Any] = field(default_factory=dict)
    weights: Weights | None = None

    def array(self, name: str, shape: tuple[int, ...], dtype: type[np.generic], owner: str) -> Array:
        """An array by its name. owner: the extractor's title, for errors.

        Raises BadInput if it is missing, of another form, or holds numbers that would overflow.
        """
        array = self.arrays.get(name)
        if array is None or array.shape != shape or array.dtype != dtype or not (np.abs(array) < LARGEST).all():
            raise damaged(name, owner)
        return array


def damaged(name: str, owner: str) -> BadInput:
    """The error of a part that is missing or does not fit."""
    return BadInput(f"its part '{name}' is missing or damaged", owner, "export the bundle again")
