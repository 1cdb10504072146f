"""Where a method or a kind of noise comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Paper:
    """Where a method or a kind of noise comes from.

    rows: names of the rows that a method answers to in the published tables.
    """

    title: str
    authors: str
    venue: str
    year: int
    url: str
    rows: tuple[str, ...] = ()
