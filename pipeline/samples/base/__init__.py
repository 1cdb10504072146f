"""What a kind of sample must offer, and the kinds that there are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from inspect import signature
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from markupsafe import Markup

from pipeline.core import plugins
from pipeline.core.datasets import RawView
from pipeline.core.splits import Array

PACKAGE = "pipeline.samples"
THUMBNAIL = 72
"""Width and height of a thumbnail in CSS pixels."""

Samples = Array | Sequence[Any]
"""An array with a row per sample, a list of texts, or SampleFiles, which reads files when they are asked for."""
RngFor = Callable[[str], np.random.Generator]
"""rng_for('points') -> a generator of its own for one file and this word."""


@dataclass(frozen=True)
class Fault:
    """Samples in which something is wrong.

    problem: of one such sample; mask: n booleans; fatal: whether nothing sound can be computed with them.
    """

    problem: str
    mask: Array
    remedy: str
    fatal: bool = False


class Kind(ABC):
    """A kind of sample; constructor arguments are the settings of such a view of dataset `folder`, all with defaults.

    display: what one of them is called, e.g. 'point cloud'; plural: what many are called; suffixes: endings of the
    files that hold one, in lower case; axes: how many axes one sample can have as an array, 0 for a text; extension:
    of the file that stores all samples of a view; typed: whether a person can type one, as a query or into a table;
    ready: whether one is a row of features, on which methods can train as it is; stays_in_files: whether the samples
    of a user's files are not stored but read from there whenever they are asked for.
    """

    display: ClassVar[str]
    plural: ClassVar[str]
    suffixes: ClassVar[frozenset[str]]
    axes: ClassVar[tuple[int, ...]]
    extension: ClassVar[str]
    typed: ClassVar[bool] = False
    ready: ClassVar[bool] = False
    stays_in_files: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """The name of the kind's file, which RawView.kind and params.yaml give."""
        return type(self).__module__.rpartition(".")[2]

    @property
    def settings(self) -> dict[str, Any]:
        """The constructor's arguments, which attributes of their names hold."""
        return {name: getattr(self, name) for name in signature(type(self)).parameters}

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The shape of one sample that the settings ask for, () for a text."""

    def fits(self, shape: Sequence[int]) -> bool:
        """Whether one sample can have this shape."""
        return len(shape) in self.axes

    @abstractmethod
    def read(self, file: Path, shape: tuple[int, ...], rng_for: RngFor) -> Any:
        """One sample of the given shape from a file with one of the suffixes.

        Raises BadInput for a file that holds no such sample.
        """

    @abstractmethod
    def gather(self, samples: Iterable[Any], count: int) -> Samples:
        """All samples of a view from `count` single ones."""

    @abstractmethod
    def write(self, samples: Samples, file: Path) -> None:
        """Store a view; equal samples give equal bytes."""

    @abstractmethod
    def load(self, file: Path) -> Samples:
        """The samples that `write` stored. Raises BadInput for any other file."""

    @abstractmethod
    def misfit(self, samples: Samples) -> str:
        """Why samples cannot be a view of this kind; empty where they can."""

    @abstractmethod
    def faults(self, samples: Samples) -> Iterator[Fault]:
        """What is wrong with single samples of a view that `misfit` has passed."""

    @abstractmethod
    def thumbnail(self, sample: Any, row: int, side: int) -> Markup:
        """Escaped HTML that shows one sample within side x side CSS pixels. row: its number, for a description."""


def names() -> list[str]:
    """Names of all kinds, in alphabetical order."""
    return plugins.names(PACKAGE)


@cache
def kind(name: str) -> Kind:
    """The kind of this name with its default settings. Raises UnknownName where there is none."""
    return plugins.build(PACKAGE, name, Kind, {})


def suffixes() -> frozenset[str]:
    """Endings of the files of all kinds."""
    return frozenset().union(*(kind(name).suffixes for name in names()))


def thumbnail(view: RawView, row: int, side: int = THUMBNAIL) -> Markup:
    """Escaped HTML that shows one sample of a view."""
    return kind(view.kind).thumbnail(view.samples[row], row, side)
