"""Noisy labels that a user has: from annotators, a crawl, another model.

They are not drawn, so every seed gets the same ones and the only rate is 0, 'as given'; the receipt counts how many
differ from the dataset's labels. Labels follow the samples of the dataset as it was fetched.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np

from pipeline.core.corruption import Corruption
from pipeline.core.errors import BadInput, BadParams, MissingFiles, UnknownName
from pipeline.core.splits import Array, Labels, Views
from pipeline.data.arrays import read_names
from pipeline.data.base.pairing import stem
from pipeline.data.base.tables import read_table
from pipeline.noise.base import Noise, RngFor

WHERE = "params.yaml, noises.given"


class Given(Noise):
    """Labels as they are in files, shared by the views or one set per view.

    labels: a place, or view -> place; without it the dataset's own labels are taken, for datasets with `clean: false`.
    A place is `table.csv:column`, whose rows are found by the sample's file in the column `file`, or an array as
    array_files.read takes it with a name or whole number for every sample of the dataset, or for every training
    sample, in the dataset's order. fetched: the dataset's folder under data/raw, which knows ids, splits and classes.
    """

    display: ClassVar[str] = "given"

    def __init__(
        self, labels: str | dict[str, str] | None = None, fetched: Path | None = None, file_column: str = "file"
    ) -> None:
        if labels is not None and fetched is None:
            raise BadParams("'labels' needs 'fetched'", WHERE, "set it to data/raw/<dataset>")
        self.labels = labels
        self.fetched = fetched
        self.file_column = file_column
        self.per_pair = not isinstance(labels, dict)

    def corrupt(self, labels: Labels, classes: int, rate: float, features: Views | None, rng_for: RngFor) -> Corruption:
        if rate:
            raise BadParams(
                f"there is no rate {rate:g}: the labels are as given", "params.yaml, grid.rates", "set it to [0.0]"
            )
        if self.labels is None or self.fetched is None:
            return Corruption({view: own.copy() for view, own in labels.items()})
        places = self.labels if isinstance(self.labels, dict) else dict.fromkeys(labels, self.labels)
        for view in places:
            if view not in labels:
                raise UnknownName(view, labels, f"{WHERE}.labels")
        missing = [view for view in labels if view not in places]
        if missing:
            raise BadParams(f"view '{missing[0]}' has no labels", f"{WHERE}.labels", "name a file for every view")
        ids, training, class_names = _samples(self.fetched)
        count = len(next(iter(labels.values())))
        if len(training) != count or len(class_names) != classes:
            raise BadInput(
                f"it has {len(training)} training samples of {len(class_names)} classes, the features have {count} "
                f"of {classes}",
                str(self.fetched),
                f"set {WHERE}.fetched to the folder of this dataset",
            )
        read = {place: self._labels(place, ids, training, class_names) for place in places.values()}
        return Corruption({view: read[places[view]].copy() for view in labels})

    def _labels(self, place: str, ids: list[str], training: Array, class_names: Mapping[str, int]) -> Array:
        """n class indices (int64) of the training samples."""
        file, _, column = place.rpartition(":")
        if file.lower().endswith(".csv"):
            names = self._from_table(Path(file), column, [ids[row] for row in training])
        else:
            names = read_names(place)
            if len(names) not in (len(ids), len(training)):
                what = f"it has {len(names)} labels for {len(ids)} samples, {len(training)} of them for training"
                raise BadInput(what, place, "give one per sample or one per training sample")
            names = [names[row] for row in training] if len(names) == len(ids) else names
        for row, name in enumerate(names):
            if name not in class_names:
                raise UnknownName(name, class_names, f"{place}, training sample {row} ('{ids[training[row]]}')")
        return np.array([class_names[name] for name in names], dtype=np.int64)

    def _from_table(self, file: Path, column: str, wanted: list[str]) -> list[str]:
        table = read_table(file)
        table.check(self.file_column, column)
        lines = {stem(line.needed(self.file_column)): line for line in table.lines}
        lost = [name for name in wanted if name not in lines]
        if lost:
            raise BadInput(f"there is no row for the training sample '{lost[0]}'", str(file), "add it")
        return [lines[name].needed(column) for name in wanted]


def _samples(folder: Path) -> tuple[list[str], Array, dict[str, int]]:
    """Of a fetched dataset: all ids, the rows of the training samples, class -> index."""
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise MissingFiles(
            "no dataset was fetched there", str(folder), f"set {WHERE}.fetched to data/raw/<dataset>"
        ) from None
    rows = read_table(folder / "manifest.csv").lines
    training = np.array([number for number, row in enumerate(rows) if row.cells["split"] == "train"], dtype=np.int64)
    return (
        [row.cells["id"] for row in rows],
        training,
        {name: index for index, name in enumerate(meta["class_names"])},
    )
