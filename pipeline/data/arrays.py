"""A user's own features, in files of arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from pipeline.config.fields import Views
from pipeline.core.datasets import RawDataset, RawView
from pipeline.core.errors import BadInput, BadParams, PipelineError
from pipeline.core.progress import Progress
from pipeline.core.splits import Array
from pipeline.data.base import Dataset
from pipeline.data.base.array_files import READERS, parted, read, read_names
from pipeline.data.base.splits import SHARES, check, classes, hashed, split_of


class Arrays(Dataset):
    """Two or more views with one row per sample, all in the same order; docs/own_data.md tells how.

    views: view -> place, `file` or `file:key` as array_files.read takes it, n x d; labels: place of n class names or
    whole numbers; split: place of n names of splits, such as train, valid and test; without it the samples
    are divided by the hash of their id into shares. ids: place of n names or numbers, else the row. clean: false says
    that the labels are noisy and that there are no others. Views are of kind 'features', float32. Rows are counted
    from 0 in messages.
    """

    display = "Own features"
    task = "features"
    source = "arrays brought by the user"
    licence = "the user's"

    def __init__(
        self,
        views: Views[str],
        labels: str,
        split: str | None = None,
        ids: str | None = None,
        shares: Mapping[str, float] = SHARES,
        clean: bool = True,
    ) -> None:
        self.views = views
        self.labels = labels
        self.split = split
        self.ids = ids
        self.shares = shares
        self.clean = clean
        self.task = "-".join(views)

    def load(self, progress: Progress) -> RawDataset:
        if len(self.views) < 2:
            raise BadParams(f"there are {len(self.views)} views", "params.yaml, load.views", "give two or more")
        rows = {view: read_features(place) for view, place in self.views.items()}
        names = read_names(self.labels)
        ids = read_names(self.ids) if self.ids else [str(row) for row in range(len(names))]
        given = read_split(self.split) if self.split else None
        self._compare(rows, names, ids, given)
        _refuse_repeats(ids, self.ids or self.labels)
        class_names, labels = classes(names)
        split = hashed(ids, self.shares, "params.yaml, load.shares") if given is None else given
        check(labels, split, class_names, self.split or self.labels)
        progress(len(ids), len(ids))
        return RawDataset(
            ids=ids,
            views={view: RawView("features", table) for view, table in rows.items()},
            labels=labels,
            split=split,
            concept=ids,
            class_names=class_names,
        )

    def faults(self) -> Iterator[PipelineError]:
        """Of each array by itself; load tells where they do not fit together."""
        places: list[tuple[Callable[[str], object], str | None]] = [(read_features, x) for x in self.views.values()]
        for read_place, place in (*places, (read_names, self.labels), (read_split, self.split), (read_names, self.ids)):
            if place:
                try:
                    read_place(place)
                except PipelineError as fault:
                    yield fault

    def brought(self) -> list[Path]:
        """The array files beside those that are named: a folder may hold other datasets below it."""
        neighbours = {path for folder in {file.parent for file in self.expected()} for path in folder.glob("[!.]*")}
        return sorted(path for path in neighbours if path.suffix.lower() in READERS and path.is_file())

    def expected(self) -> list[Path]:
        places = [*self.views.values(), self.labels, self.split, self.ids]
        return list(dict.fromkeys(parted(place)[0] for place in places if place))

    def _compare(
        self, rows: Mapping[str, Array], names: Sequence[str], ids: Sequence[str], split: Array | None
    ) -> None:
        """Refuse files that differ in their number of rows."""
        counts = {self.views[view]: len(table) for view, table in rows.items()} | {self.labels: len(names)}
        counts |= {self.ids: len(ids)} if self.ids else {}
        counts |= {self.split: len(split)} if self.split and split is not None else {}
        (first, count), *others = counts.items()
        for place, other in others:
            if other != count:
                raise BadInput(
                    f"it has {other} rows, {first} has {count}",
                    place,
                    "give every file one row per sample, in one order",
                )


def read_features(place: str) -> Array:
    """n x d float32, finite."""
    array = read(place)
    if array.ndim != 2 or array.dtype.kind not in "uif" or not array.shape[1]:
        shape = " x ".join(map(str, array.shape))
        raise BadInput(f"{shape} values of {array.dtype} are no view", place, "give one row of numbers per sample")
    with np.errstate(over="ignore"):
        rows = array.astype(np.float32)
    bad = ~np.isfinite(rows)
    if bad.any():
        row, column = (int(position) for position in np.argwhere(bad)[0])
        raise BadInput(
            f"row {row}, column {column} is NaN, infinite or too large", place, "mend or drop the sample in every file"
        )
    return rows


def read_split(place: str) -> Array:
    """n names out of train, valid and test."""
    names = read_names(place)
    for row, name in enumerate(names):
        if not split_of(name):
            raise BadInput(f"row {row} has '{name}', which is no split", place, "name it train, valid or test")
    return np.array([split_of(name) for name in names])


def _refuse_repeats(ids: Sequence[str], place: str) -> None:
    first: dict[str, int] = {}
    for row, name in enumerate(ids):
        if first.setdefault(name, row) != row:
            raise BadInput(f"rows {first[name]} and {row} share the id '{name}'", place, "give every sample its own")
