"""AP of every test query, cell by cell: the files that the statistics are computed from, one per method.

An array per cell, readout and direction, in the first state that the cell keeps; its name gives variant, noise, rate,
seed, criterion, readout and direction, joined by |, where a label-free cell has neither noise nor rate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.core.cells import CellKey
from pipeline.core.files import atomic_write
from pipeline.core.splits import Array


@dataclass(frozen=True)
class Precisions:
    """AP of one cell in one direction (Q), ties in expectation."""

    variant: str
    noise: str
    rate: float | None
    seed: int | None
    criterion: str
    readout: str
    direction: str
    ap: Array

    @classmethod
    def of(cls, key: CellKey, criterion: str, readout: str, direction: str, ap: Array) -> Precisions:
        return cls(key.variant, key.noise or "", key.rate, key.seed, criterion, readout, direction, ap)


def write(file: Path, precisions: list[Precisions]) -> None:
    """Write them in their order."""
    arrays: Mapping[str, Array] = {
        "|".join(
            [
                *(one.variant, one.noise, "" if one.rate is None else str(one.rate)),
                *("" if one.seed is None else str(one.seed), one.criterion, one.readout, one.direction),
            ]
        ): one.ap
        for one in precisions
    }
    with atomic_write(file) as content:
        np.savez_compressed(content, allow_pickle=False, **arrays)


def read(file: Path) -> Iterator[Precisions]:
    """Yield them in the order in which they were written."""
    with np.load(file, allow_pickle=False) as arrays:
        for name in arrays:
            variant, noise, rate, seed, criterion, readout, direction = name.split("|")
            yield Precisions(
                *(variant, noise, float(rate) if rate else None, int(seed) if seed else None),
                *(criterion, readout, direction, arrays[name]),
            )
