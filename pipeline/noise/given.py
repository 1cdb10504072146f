"""Noisy labels that a user has: from annotators, a crawl, another model.

They are not drawn, so every seed gets the same ones and the only rate is 0, 'as given'; the receipt counts how many
differ from the dataset's labels. Labels follow the samples of the dataset as it was fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar
from unicodedata import normalize

import numpy as np

from pipeline.core.corruption import Corruption
from pipeline.core.errors import BadInput, BadParams, MissingFiles, UnknownName
from pipeline.core.splits import Array, Labels, Views
from pipeline.data.base.array_files import read_names
from pipeline.data.base.pairing import ids_of_rows
from pipeline.data.base.store import META, Manifest, read_manifest
from pipeline.data.base.tables import READERS as TABLES
from pipeline.data.base.tables import read_table
from pipeline.noise.base import Noise, RngFor


class Given(Noise):
    """Labels as they are in files, shared by the views or one set per view.

    labels: a place, or view -> place; without it the dataset's own labels are taken, for datasets with `clean: false`.
    A place is `table:column`, whose rows are found by the sample's file in the column `file`, or an array as
    array_files.read takes it with a name or whole number for every sample of the dataset, or for every training
    sample, in the dataset's order. fetched: the folder of the dataset's raw samples, which knows ids, splits and
    classes.
    """

    display: ClassVar[str] = "given"
    of_training: ClassVar[bool] = True
    by_sample: ClassVar[bool] = True

    def __init__(self, fetched: Path, labels: str | dict[str, str] | None = None, file_column: str = "file") -> None:
        self.labels = labels
        self.fetched = fetched
        self.file_column = file_column
        self.per_pair = not isinstance(labels, dict)

    def corrupt(self, labels: Labels, classes: int, rate: float, features: Views | None, rng_for: RngFor) -> Corruption:
        self.check_rate(rate)
        if self.labels is None:
            return Corruption({view: own.copy() for view, own in labels.items()})
        if not (self.fetched / META).is_file():
            raise MissingFiles("no dataset was fetched there", str(self.fetched), "run `dvc repro` to fetch it")
        manifest = read_manifest(self.fetched)
        training, count = int(np.sum(manifest.split == "train")), len(next(iter(labels.values())))
        if training != count or len(manifest.class_names) != classes:
            raise BadInput(
                f"it has {training} training samples of {len(manifest.class_names)} classes, the features have {count} "
                f"of {classes}",
                str(self.fetched),
                "run `dvc repro`, which fetches and extracts again",
            )
        return Corruption(self.read(manifest, list(labels)))

    def check_rate(self, rate: float) -> None:
        """Raise BadParams for a rate of drawn noise."""
        if rate:
            problem = f"there is no rate {rate:g}: the labels are as given"
            raise BadParams(problem, "params.yaml, experiments", "set it to [0.0]")

    def read(self, manifest: Manifest, views: Sequence[str]) -> dict[str, Array]:
        """View -> n class indices (int64) of the training samples of a dataset; nothing where no labels are named."""
        if self.labels is None:
            return {}
        where = f"params.yaml, datasets.{self.fetched.name}.noises.given.labels"
        places = self.labels if isinstance(self.labels, dict) else dict.fromkeys(views, self.labels)
        for view in places:
            if view not in views:
                raise UnknownName(view, views, where)
        missing = [view for view in views if view not in places]
        if missing:
            raise BadParams(f"view '{missing[0]}' has no labels", where, "name a file for every view")
        read = {place: self._labels(place, manifest) for place in places.values()}
        return {view: read[places[view]].copy() for view in views}

    def _labels(self, place: str, manifest: Manifest) -> Array:
        """n class indices (int64) of the training samples."""
        training = np.flatnonzero(manifest.split == "train")
        ids = [manifest.ids[int(row)] for row in training]
        file, _, column = place.rpartition(":")
        if Path(file).suffix.lower() in TABLES:
            names = self._from_table(Path(file), column, ids)
        else:
            names = read_names(place)
            if len(names) not in (len(manifest.ids), len(ids)):
                counts = f"it has {len(names)} labels for {len(manifest.ids)} samples, {len(ids)} of them for training"
                raise BadInput(counts, place, "give one per sample or one per training sample")
            names = [names[row] for row in training] if len(names) == len(manifest.ids) else names
        names = [normalize("NFC", name) for name in names]
        indices = {name: index for index, name in enumerate(manifest.class_names)}
        for row, name in enumerate(names):
            if name not in indices:
                raise UnknownName(name, indices, f"{place}, training sample {row} ('{ids[row]}')")
        return np.array([indices[name] for name in names], dtype=np.int64)

    def _from_table(self, file: Path, column: str, ids: Sequence[str]) -> list[str]:
        """The cells of a column in the rows of these samples."""
        table = read_table(file)
        table.check(self.file_column, column)
        rows = {name: row for row, name in enumerate(ids_of_rows(table, self.file_column))}
        lost = [name for name in ids if name not in rows]
        if lost:
            raise BadInput(f"there is no row for the training sample '{lost[0]}'", str(file), "add it")
        return table.needed(column, [rows[name] for name in ids])
