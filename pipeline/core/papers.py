"""Where a method comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Paper:
    """Where a method comes from, and the names of the rows that it answers to in the published tables."""

    title: str
    authors: str
    venue: str
    year: int
    url: str
    rows: tuple[str, ...] = ()
