"""A user's own pairs: pictures, texts, point clouds and other samples in a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core import plugins
from pipeline.core.datasets import RawDataset, RawView
from pipeline.core.errors import BadParams
from pipeline.core.progress import Progress
from pipeline.core.seeds import generator
from pipeline.data.base import Dataset
from pipeline.data.base.pairing import Column, by_row, by_stem, check_pairs, find_files, of_kind
from pipeline.data.base.splits import SHARES, check, classes, hashed
from pipeline.data.base.tables import read_table
from pipeline.samples.base import PACKAGE, Kind

SEED = 0


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
    file per view and id, the label is the id's first folder, or the second where all first ones are splits.
    table: a file in folder, as read_table takes it, whose columns `file` and `text` give id and text, `label` the label
    (else the id's folder does), `split` the split; columns renames them. Without splits the samples are divided by the
    hash of their id into shares. clean: false says that the labels are noisy and that there are no others.
    """

    display = "Own pairs"
    task = "image-text"
    source = "files brought by the user"
    licence = "the user's"

    def __init__(
        self,
        folder: Path,
        views: Mapping[str, Mapping[str, Any]] = {"image": {"kind": "image"}, "text": {"kind": "text"}},
        table: str | None = None,
        columns: Mapping[Column, str] = {},
        shares: Mapping[str, float] = SHARES,
        clean: bool = True,
    ) -> None:
        self.folder = folder
        self.places = {view: Place.of(view, described) for view, described in views.items()}
        self.table = table
        self.columns = columns
        self.shares = shares
        self.clean = clean
        self.task = "-".join(place.kind.display for place in self.places.values())

    def load(self, progress: Progress) -> RawDataset:
        if len(self.places) < 2:
            raise BadParams(f"there are {len(self.places)} views", "params.yaml, load.views", "give two or more")
        typed = [view for view, place in self.places.items() if place.kind.typed]
        if self.table and len(typed) > 1:
            raise BadParams("a table gives one text per sample", "params.yaml, load.views", "give one view of texts")
        files = {view: find_files(self.folder / place.folder, place.kind) for view, place in self._filed().items()}
        if self.table:
            samples = by_row(read_table(self.folder / self.table), self.columns, bool(typed))
        else:
            samples = by_stem(files)
        check_pairs(samples, files)
        ids = [sample.id for sample in samples]
        class_names, labels = classes([sample.label for sample in samples])
        named = [sample.split for sample in samples if sample.split]
        split = np.array(named) if named else hashed(ids, self.shares, "params.yaml, load.shares")
        check(labels, split, class_names, str(self.folder))
        views = {}
        for view, place in self.places.items():
            if view in files:
                paths = [files[view][name] for name in ids]
                rows = place.kind.gather(_read(place.kind, paths, ids, progress), len(ids))
            else:
                rows = [sample.text for sample in samples]
            views[view] = RawView(place.kind.name, rows)
        return RawDataset(ids, views, labels, split, concept=ids, class_names=class_names)

    def expected(self) -> list[Path]:
        table = [self.folder / self.table] if self.table else []
        places = self._filed().values()
        return table + [file for place in places for file in of_kind(self.folder / place.folder, place.kind)]

    def _filed(self) -> dict[str, Place]:
        """The views whose samples are files and not rows of the table."""
        return {view: place for view, place in self.places.items() if not (self.table and place.kind.typed)}


def _read(kind: Kind, paths: Sequence[Path], ids: Sequence[str], progress: Progress) -> Iterator[Any]:
    """One sample per file; what is drawn of it depends on its id alone."""

    def rng_for(word: str, name: str) -> np.random.Generator:
        return generator(SEED, "folder", word, name)

    for row, (path, name) in enumerate(zip(paths, ids, strict=True), start=1):
        yield kind.read(path, kind.shape, partial(rng_for, name=name))
        progress(row, len(paths))
