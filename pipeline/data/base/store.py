"""A raw dataset as files: manifest.csv, meta.json and one file per view.

The samples that stay in a user's files are not among them: their view's file is a list of those files, with a hash of
each, so that one that has changed since is noticed.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core import plugins
from pipeline.core.datasets import Annotations, RawDataset, RawView
from pipeline.core.errors import BadInput
from pipeline.core.splits import SPLITS, Array
from pipeline.data.base import annotators
from pipeline.samples import base as kinds
from pipeline.samples.base.sample_files import SampleFiles
from pipeline.samples.base.stored import AGAIN, read_json, write_json

MANIFEST, META, LISTED = "manifest.csv", "meta.json", ".files.csv"
COLUMNS = ["id", "class", "split", "concept"]
LIST_COLUMNS = ["file", "sha256"]
HASH = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Manifest:
    """A stored dataset without its samples: ids, labels (n class indices), split and concept of every sample.

    kinds: view -> kind of its samples; files: view -> folder and settings of its samples, if they stay in files;
    annotations: where samples have several labels, all of them.
    """

    ids: Sequence[str]
    labels: Array
    split: Array
    concept: Sequence[str]
    class_names: Sequence[str]
    kinds: Mapping[str, str]
    files: Mapping[str, tuple[Path, dict[str, Any]]]
    annotations: Annotations | None = None


def write(raw: RawDataset, folder: Path) -> None:
    """Store a dataset; the same dataset gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    classes = [raw.class_names[label] for label in raw.labels]
    _write_rows(folder / MANIFEST, COLUMNS, raw.ids, classes, raw.split, raw.concept)
    listed = {}
    for name, view in raw.views.items():
        samples, kind = view.samples, kinds.kind(view.kind)
        if isinstance(samples, SampleFiles):
            _write_rows(folder / f"{name}{LISTED}", LIST_COLUMNS, samples.files, samples.hashes)
            listed[name] = {"folder": samples.folder.as_posix(), "settings": samples.kind.settings}
        else:
            kind.write(samples, folder / f"{name}{kind.extension}")
    annotators.write(folder, raw.annotations)
    views = {name: view.kind for name, view in raw.views.items()}
    meta = {"class_names": list(raw.class_names), "views": views}
    write_json(folder / META, meta | ({"files": listed} if listed else {}))


def read(folder: Path) -> RawDataset:
    """The dataset that `write` stored. Raises BadInput that names a missing or broken file."""
    manifest = read_manifest(folder)
    return RawDataset(
        ids=manifest.ids,
        views={name: _read_view(folder, name, manifest) for name in manifest.kinds},
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
        class_names, views, listed = list(meta["class_names"]), dict(meta["views"]), dict(meta.get("files", {}))
        files = {view: (Path(about["folder"]), dict(about["settings"])) for view, about in listed.items()}
    except (KeyError, TypeError, ValueError):
        raise BadInput("'class_names' or 'views' is missing, or 'files' damaged", str(folder / META), AGAIN) from None
    rows = _read_manifest_rows(folder / MANIFEST, class_names)
    return Manifest(
        ids=[row["id"] for row in rows],
        labels=np.array([class_names.index(row["class"]) for row in rows], dtype=np.int64),
        split=np.array([row["split"] for row in rows]),
        concept=[row["concept"] for row in rows],
        class_names=class_names,
        kinds=views,
        files=files,
        annotations=annotators.read(folder),
    )


def _write_rows(file: Path, header: Sequence[str], *columns: Iterable[Any]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        table = csv.writer(opened, lineterminator="\n")
        table.writerow(header)
        table.writerows(zip(*columns, strict=True))


def _read_manifest_rows(file: Path, class_names: list[str]) -> list[dict[str, str]]:
    rows = _read_rows(file, COLUMNS)
    for number, row in enumerate(rows, start=1):
        if row["class"] not in class_names or row["split"] not in SPLITS or row["concept"] is None:
            raise BadInput(f"sample {number} has an unknown class or split, or no concept", str(file), AGAIN)
    return rows


def _read_rows(file: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            table = csv.DictReader(lines, strict=True)
            rows = list(table)
    except FileNotFoundError:
        raise BadInput("the file is missing", str(file), AGAIN) from None
    except (csv.Error, UnicodeDecodeError):
        raise BadInput("the file is not a CSV table", str(file), AGAIN) from None
    if table.fieldnames != columns:
        raise BadInput(f"the columns are not {', '.join(columns)}", str(file), AGAIN)
    if not rows:
        raise BadInput("the table has no rows", str(file), AGAIN)
    return rows


def _read_view(folder: Path, name: str, manifest: Manifest) -> RawView:
    kind = manifest.kinds[name]
    if kind not in kinds.names():
        raise BadInput(f"there are no samples of kind '{kind}'", str(folder / META), AGAIN)
    stored = kinds.kind(kind)
    file = folder / f"{name}{LISTED if name in manifest.files else stored.extension}"
    samples = (
        _read_list(file, kind, manifest.ids, *manifest.files[name]) if name in manifest.files else stored.load(file)
    )
    if len(samples) != len(manifest.ids):
        raise BadInput(f"{len(samples)} samples where {MANIFEST} has {len(manifest.ids)}", str(file), AGAIN)
    return RawView(kind, samples)


def _read_list(file: Path, kind: str, ids: Sequence[str], folder: Path, settings: dict[str, Any]) -> SampleFiles:
    rows = _read_rows(file, LIST_COLUMNS)
    if not all(HASH.fullmatch(row["sha256"] or "") for row in rows):
        raise BadInput("a row has no SHA-256", str(file), AGAIN)
    configured = plugins.build(kinds.PACKAGE, kind, kinds.Kind, settings)
    files, hashes = ([row[column] for row in rows] for column in LIST_COLUMNS)
    return SampleFiles(configured, folder, files, hashes, ids)
