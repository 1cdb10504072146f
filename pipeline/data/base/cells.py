"""Cells of a table as texts: names, captions and whole numbers, whatever types a file has for them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

KINDS = {str: "texts", bool: "truth values", int: "numbers", float: "numbers", dict: "nested values", list: "lists"}


class NoText(Exception):
    """Cells that are no texts. row: the first that shows it, from 0."""

    def __init__(self, row: int, problem: str) -> None:
        super().__init__(problem)
        self.row = row


def texts(cells: Sequence[Any]) -> list[str]:
    """n texts without surrounding blanks, '' where there is nothing (None, NaN); whole numbers without a fraction.

    Raises NoText for lists and other nested values, for numbers that are not whole, and where a column has texts in
    one row and numbers in another: nobody can tell whether '1' and 1 are one label.
    """
    if all(type(cell) is str for cell in cells):
        return _whole_characters([cell.strip() for cell in cells])
    filled = [
        (row, cell)
        for row, cell in enumerate(cells)
        if cell is not None and not (isinstance(cell, float) and math.isnan(cell))
    ]
    kinds = [(row, KINDS.get(type(cell), f"values of type {type(cell).__name__}")) for row, cell in filled]
    for row, kind in kinds:
        if kind not in ("texts", "truth values", "numbers"):
            raise NoText(row, f"has {kind}")
        if kind != kinds[0][1]:
            raise NoText(row, f"has {kind} beside {kinds[0][1]}")
    for row, cell in filled:
        if isinstance(cell, float) and not cell.is_integer():
            raise NoText(row, f"has {cell}, which is no whole number")
    made = [""] * len(cells)
    for row, cell in filled:
        made[row] = str(int(cell) if isinstance(cell, float) else cell).strip()
    return _whole_characters(made)


def _whole_characters(cells: list[str]) -> list[str]:
    """The cells, if none has half a character, which JSON can write and no file can hold."""
    try:
        "".join(cells).encode()
    except UnicodeEncodeError:
        broken = next(row for row, cell in enumerate(cells) if any("\ud800" <= x <= "\udfff" for x in cell))
        raise NoText(broken, "has half a character (an unpaired surrogate)") from None
    return cells
