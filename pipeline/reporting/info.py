"""What the report must know beside the records: names, papers and what a method does with labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.contract import Paper


@dataclass(frozen=True)
class MethodInfo:
    """A method of `report.methods`.

    label_free: its records have no noise rate and hold at every rate; deterministic: they have no seed.
    """

    name: str
    display: str
    paper: Paper
    variants: Sequence[str]
    label_free: bool
    deterministic: bool


@dataclass(frozen=True)
class DatasetInfo:
    """A dataset of `report.datasets`. The display name is what published rows are matched with."""

    name: str
    display: str
    task: str
    source: str
    licence: str


@dataclass(frozen=True)
class Entry:
    """One row of a comparison: a method in one of its variants."""

    method: MethodInfo
    variant: str

    @property
    def label(self) -> str:
        return self.method.display if self.variant == "default" else f"{self.method.display} ({self.variant})"


@dataclass(frozen=True)
class Scope:
    """The configured lists that the report walks; what is not in them is not shown."""

    datasets: Sequence[DatasetInfo]
    methods: Sequence[MethodInfo]
    noises: Sequence[str]
    rates: Sequence[float]
    seeds: Sequence[int]

    @property
    def entries(self) -> list[Entry]:
        return [Entry(method, variant) for method in self.methods for variant in method.variants]
