"""A user's own pairs: pictures, texts and point clouds in a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import PositiveInt
from pydantic.dataclasses import dataclass

from pipeline.core.datasets import RawDataset, RawView
from pipeline.core.errors import BadInput, BadParams
from pipeline.core.seeds import generator
from pipeline.core.splits import Array
from pipeline.data.base import Dataset, Progress
from pipeline.data.base.clouds import read_cloud
from pipeline.data.base.pairing import Column, by_row, by_stem, check_pairs, find_files, of_kind
from pipeline.data.base.pictures import read_picture
from pipeline.data.base.splits import SHARES, check, classes, hashed
from pipeline.data.base.tables import read_table

SEED = 0
TASKS = {"image": "image", "cloud": "point cloud", "text": "text"}


@dataclass(frozen=True, config={"extra": "forbid"})
class Place:
    """A view: what its samples are, and where below the dataset's folder their files stand."""

    kind: Literal["image", "cloud", "text"]
    folder: Path = Path()


class Folder(Dataset):
    """Pairs by stem, or by the rows of one CSV table; docs/own_data.md tells how a user sets it up.

    A sample's id is its file's path below its view's folder, without the suffix. Without table: a file per view and
    id, texts in .txt files, the label is the id's first folder, or the second where all first ones are splits.
    table: a CSV file in folder whose columns `file` and `text` give id and text, `label` the label (else the id's
    folder does), `split` the split; columns renames them. Without splits the samples are divided by the hash of their
    id into shares. side: pictures become side x side x 3; points: clouds become points x 3. clean: false says that
    the labels are noisy and that there are no others.
    """

    display = "Own pairs"
    task = "image-text"
    source = "files brought by the user"
    licence = "the user's"

    def __init__(
        self,
        folder: Path,
        views: Mapping[str, Place] = {"image": Place("image"), "text": Place("text")},
        table: str | None = None,
        columns: Mapping[Column, str] = {},
        shares: Mapping[str, float] = SHARES,
        side: PositiveInt = 256,
        points: PositiveInt = 1024,
        clean: bool = True,
    ) -> None:
        self.folder = folder
        self.views = views
        self.table = table
        self.columns = columns
        self.shares = shares
        self.side = side
        self.points = points
        self.clean = clean
        self.task = "-".join(TASKS[place.kind] for place in views.values())

    def load(self, progress: Progress) -> RawDataset:
        kinds = [place.kind for place in self.views.values()]
        if len(kinds) < 2:
            raise BadParams(f"there are {len(kinds)} views", "params.yaml, load.views", "give two or more")
        if self.table and kinds.count("text") > 1:
            raise BadParams("a table gives one text per sample", "params.yaml, load.views", "give one view of texts")
        files = {view: find_files(self.folder / place.folder, place.kind) for view, place in self._filed().items()}
        if self.table:
            samples = by_row(read_table(self.folder / self.table), self.columns, "text" in kinds)
        else:
            samples = by_stem(files)
        check_pairs(samples, files)
        ids = [sample.id for sample in samples]
        class_names, labels = classes([sample.label for sample in samples])
        given = [sample.split for sample in samples if sample.split]
        split = np.array(given) if given else hashed(ids, self.shares, "params.yaml, load.shares")
        check(labels, split, class_names, str(self.folder))
        views = {}
        for view, place in self.views.items():
            paths = [files[view][name] for name in ids] if view in files else []
            if place.kind == "text":
                texts = [_text(path) for path in paths] or [sample.text for sample in samples]
                views[view] = RawView("text", texts)
            else:
                views[view] = RawView(place.kind, self._arrays(place.kind, paths, ids, progress))
        return RawDataset(ids, views, labels, split, concept=ids, class_names=class_names)

    def expected(self) -> list[Path]:
        table = [self.folder / self.table] if self.table else []
        places = self._filed().values()
        return table + [file for place in places for file in of_kind(self.folder / place.folder, place.kind)]

    def _filed(self) -> dict[str, Place]:
        """The views whose samples are files and not rows of the table."""
        return {view: place for view, place in self.views.items() if not (self.table and place.kind == "text")}

    def _arrays(self, kind: str, paths: Sequence[Path], ids: Sequence[str], progress: Progress) -> Array:
        """n x side x side x 3 uint8 or n x points x 3 float32; a cloud's draw depends on its id alone."""
        shape, form = ((self.side, self.side, 3), "u1") if kind == "image" else ((self.points, 3), "f4")
        samples = np.empty((len(paths), *shape), dtype=form)
        for row, (path, name) in enumerate(zip(paths, ids, strict=True)):
            if kind == "image":
                samples[row] = read_picture(path, self.side)
            else:
                samples[row] = read_cloud(path, self.points, generator(SEED, "folder", "points", name))
            progress(row + 1, len(paths))
        return samples


def _text(file: Path) -> str:
    try:
        text = file.read_text(encoding="utf-8-sig").strip()
    except UnicodeDecodeError:
        raise BadInput("it is not in UTF-8", str(file), "save it as UTF-8") from None
    if not text:
        raise BadInput("the text is empty", str(file), "write one or remove the pair")
    return text
