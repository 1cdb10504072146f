"""A raw dataset as files: manifest.csv, meta.json and one file per view."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.core.datasets import Annotations, RawDataset, RawView
from pipeline.core.errors import BadInput
from pipeline.core.splits import SPLITS, Array
from pipeline.data.base import annotators
from pipeline.samples import base as kinds
from pipeline.samples.base.stored import AGAIN, read_json, write_json

MANIFEST, META = "manifest.csv", "meta.json"
COLUMNS = ["id", "class", "split", "concept"]


@dataclass(frozen=True)
class Manifest:
    """A stored dataset without its samples: ids, labels (n class indices), split and concept of every sample.

    kinds: view -> kind of its samples; annotations: where samples have several labels, all of them.
    """

    ids: Sequence[str]
    labels: Array
    split: Array
    concept: Sequence[str]
    class_names: Sequence[str]
    kinds: Mapping[str, str]
    annotations: Annotations | None = None


def write(raw: RawDataset, folder: Path) -> None:
    """Store a dataset; the same dataset gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / MANIFEST).open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        classes = [raw.class_names[label] for label in raw.labels]
        table.writerows(zip(raw.ids, classes, raw.split, raw.concept, strict=True))
    for name, view in raw.views.items():
        kind = kinds.kind(view.kind)
        kind.write(view.samples, folder / f"{name}{kind.extension}")
    annotators.write(folder, raw.annotations)
    views = {name: view.kind for name, view in raw.views.items()}
    write_json(folder / META, {"class_names": list(raw.class_names), "views": views})


def read(folder: Path) -> RawDataset:
    """The dataset that `write` stored. Raises BadInput that names a missing or broken file."""
    manifest = read_manifest(folder)
    return RawDataset(
        ids=manifest.ids,
        views={name: _read_view(folder, name, kind, len(manifest.ids)) for name, kind in manifest.kinds.items()},
        labels=manifest.labels,
        split=manifest.split,
        concept=manifest.concept,
        class_names=manifest.class_names,
        annotations=manifest.annotations,
    )


def read_manifest(folder: Path) -> Manifest:
    """What `read` returns, without loading a sample."""
    meta = read_json(folder / META)
    try:
        class_names, views = list(meta["class_names"]), dict(meta["views"])
    except (KeyError, TypeError, ValueError):
        raise BadInput("'class_names' or 'views' is missing", str(folder / META), AGAIN) from None
    rows = _read_rows(folder / MANIFEST, class_names)
    return Manifest(
        ids=[row["id"] for row in rows],
        labels=np.array([class_names.index(row["class"]) for row in rows], dtype=np.int64),
        split=np.array([row["split"] for row in rows]),
        concept=[row["concept"] for row in rows],
        class_names=class_names,
        kinds=views,
        annotations=annotators.read(folder),
    )


def _read_rows(file: Path, class_names: list[str]) -> list[dict[str, str]]:
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            table = csv.DictReader(lines, strict=True)
            rows = list(table)
    except FileNotFoundError:
        raise BadInput("the file is missing", str(file), AGAIN) from None
    except (csv.Error, UnicodeDecodeError):
        raise BadInput("the file is not a CSV table", str(file), AGAIN) from None
    if table.fieldnames != COLUMNS:
        raise BadInput(f"the columns are not {', '.join(COLUMNS)}", str(file), AGAIN)
    if not rows:
        raise BadInput("the table has no rows", str(file), AGAIN)
    for number, row in enumerate(rows, start=1):
        if row["class"] not in class_names or row["split"] not in SPLITS or row["concept"] is None:
            raise BadInput(f"sample {number} has an unknown class or split, or no concept", str(file), AGAIN)
    return rows


def _read_view(folder: Path, name: str, kind: str, rows: int) -> RawView:
    if kind not in kinds.names():
        raise BadInput(f"there are no samples of kind '{kind}'", str(folder / META), AGAIN)
    stored = kinds.kind(kind)
    file = folder / f"{name}{stored.extension}"
    samples = stored.load(file)
    if len(samples) != rows:
        raise BadInput(f"{len(samples)} samples where {MANIFEST} has {rows}", str(file), AGAIN)
    return RawView(kind, samples)
