"""A user's own pairs: pictures, texts, point clouds and other samples in a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config.fields import Views
from pipeline.core import plugins
from pipeline.core.datasets import RawDataset, RawView
from pipeline.core.errors import BadParams, PipelineError
from pipeline.core.progress import Progress, quiet
from pipeline.core.splits import Array
from pipeline.data.base import Dataset
from pipeline.data.base.annotators import Answers, all_votes
from pipeline.data.base.pairing import (
    ById,
    Columns,
    Refuse,
    Sample,
    at_once,
    by_row,
    by_stem,
    check_pairs,
    find_files,
    of_kind,
)
from pipeline.data.base.splits import SHARES, check, classes, faults, hashed
from pipeline.data.base.tables import read_table
from pipeline.samples.base import PACKAGE, Kind
from pipeline.samples.base.sample_files import SampleFiles

OWN_NAMES: Columns = {}
PICTURES_AND_TEXTS: dict[str, Mapping[str, Any]] = {"image": {"kind": "image"}, "text": {"kind": "text"}}


@dataclass(frozen=True)
class Place:
    """A view: what its samples are, and where below the dataset's folder their files stand."""

    kind: Kind
    folder: Path

    @classmethod
    def of(cls, view: str, described: Mapping[str, Any]) -> Place:
        """The place that `kind`, `folder` and the settings of the kind describe."""
        settings = dict(described)
        place = f"load.views.{view}"
        if "kind" not in settings:
            raise BadParams("the setting 'kind' is missing", f"params.yaml, {place}", "add it")
        kind, folder = settings.pop("kind"), settings.pop("folder", "")
        return cls(plugins.build(PACKAGE, kind, Kind, settings, place), Path(folder))


class Folder(Dataset):
    """Pairs by stem, or by the rows of one table; docs/own_data.md tells how a user sets it up.

    A sample's id is its file's path below its view's folder, without the suffix. views: view -> kind, the settings of
    that kind (`side` of image, `points` of cloud), and the folder of its files below the dataset's. Without table: a
    file per view and id, folders give label and split (base/layout.py).
    table: a file in folder, as read_table takes it, whose columns `file` and `text` give id and text, `label` the label
    (else the id's folder does), `split` the split; columns renames them, and names columns of annotators
    (base/annotators.py). Without splits the samples are divided by the
    hash of their id into shares. clean: false says that the labels are noisy and that there are no others.
    """

    display = "Own pairs"
    task = "image-text"
    source = "files brought by the user"
    licence = "the user's"

    def __init__(
        self,
        folder: Path,
        views: Views[Mapping[str, Any]] = PICTURES_AND_TEXTS,
        table: str | None = None,
        columns: Columns = OWN_NAMES,
        shares: Mapping[str, float] = SHARES,
        clean: bool = True,
    ) -> None:
        self.folder = folder
        self.places = {view: Place.of(view, described) for view, described in views.items()}
        self.table = table
        self.columns = _checked(columns)
        self.shares = shares
        self.clean = clean
        self.task = "-".join(place.kind.display for place in self.places.values())

    def load(self, progress: Progress) -> RawDataset:
        self._check_views()
        files = {view: find_files(self.folder / place.folder, place.kind) for view, place in self._filed().items()}
        samples, answers = self._samples(files, at_once)
        check_pairs(samples, files)
        ids = [sample.id for sample in samples]
        class_names, labels = classes([sample.label for sample in samples])
        split = self._splits(samples)
        check(labels, split, class_names, str(self.folder))
        views = {}
        for view, place in self.places.items():
            if view in files:
                paths = [files[view][name] for name in ids]
                listed = SampleFiles.of(place.kind, self.folder / place.folder, paths, ids, progress)
                rows = listed if place.kind.stays_in_files else place.kind.gather(listed, len(ids))
            else:
                rows = [sample.text for sample in samples]
            views[view] = RawView(place.kind.name, rows)
        votes = all_votes(answers, class_names) if answers else None
        return RawDataset(ids, views, labels, split, concept=ids, class_names=class_names, annotations=votes)

    def faults(self) -> Iterator[PipelineError]:
        """Of files and rows, pairs, classes and splits, and every file that cannot be read."""
        refused: list[PipelineError] = []
        files: dict[str, ById] = {}
        for view, place in self._filed().items():
            try:
                files[view] = find_files(self.folder / place.folder, place.kind)
            except PipelineError as fault:
                refused.append(fault)
        samples: list[Sample] = []
        if files or self.table:
            try:
                self._check_views()
                samples, _ = self._samples(files, refused.append)
            except PipelineError as fault:
                refused.append(fault)
        if samples:
            check_pairs(samples, files, refused.append)
        yield from refused
        for view, by_id in files.items():
            place = self.places[view]
            read = (_unreadable(place.kind, self.folder / place.folder, path, name) for name, path in by_id.items())
            yield from (unread for unread in read if unread is not None)
        if samples and not refused:
            class_names, labels = classes([sample.label for sample in samples])
            yield from faults(labels, self._splits(samples), class_names, str(self.folder))

    def expected(self) -> list[Path]:
        table = [self.folder / self.table] if self.table else []
        places = self._filed().values()
        return table + [file for place in places for file in of_kind(self.folder / place.folder, place.kind)]

    def _check_views(self) -> None:
        if len(self.places) < 2:
            raise BadParams(f"there are {len(self.places)} views", "params.yaml, load.views", "give two or more")
        if self.table and sum(place.kind.typed for place in self.places.values()) > 1:
            raise BadParams("a table gives one text per sample", "params.yaml, load.views", "give one view of texts")

    def _samples(self, files: Mapping[str, ById], refuse: Refuse) -> tuple[list[Sample], Answers | None]:
        """The samples, and what annotators say of each."""
        if not self.table:
            return by_stem(files, str(self.folder), refuse), None
        typed = any(place.kind.typed for place in self.places.values())
        return by_row(read_table(self.folder / self.table), self.columns, typed, refuse)

    def _splits(self, samples: Sequence[Sample]) -> Array:
        """The n names of splits that are given, or those of the hash."""
        given = [sample.split for sample in samples if sample.split]
        ids = [sample.id for sample in samples]
        return np.array(given) if given else hashed(ids, self.shares, "params.yaml, load.shares")

    def _filed(self) -> dict[str, Place]:
        """The views whose samples are files and not rows of the table."""
        return {view: place for view, place in self.places.items() if not (self.table and place.kind.typed)}


def _checked(columns: Columns) -> Columns:
    """Settings that can be meant: no column twice, annotators in columns of their own or in rows, not both."""
    place = "params.yaml, load.columns"
    all_columns = {"file": "file", "label": "label", "split": "split", **columns}
    named = [name for given in all_columns.values() for name in (given if isinstance(given, list) else [given])]
    if repeated := next((name for name in named if named.count(name) > 1), None):
        raise BadParams(f"the column '{repeated}' is named twice", place, "give each its own")
    for role, given in columns.items():
        if isinstance(given, list) != (role == "labels"):
            remedy = "write labels: [column, column]" if role == "labels" else "write the name of one column"
            raise BadParams(f"'{role}' is {given!r}", place, remedy)
    if "annotator" in columns and "labels" in columns:
        raise BadParams("both 'annotator' and 'labels' are given", place, "keep the one that the table has")
    return columns


def _unreadable(kind: Kind, folder: Path, path: Path, name: str) -> PipelineError | None:
    """Why a file holds no sample."""
    try:
        SampleFiles.of(kind, folder, [path], [name], quiet)[0]
    except PipelineError as fault:
        return fault
    return None
