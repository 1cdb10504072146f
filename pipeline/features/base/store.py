"""Extracted features on disk: one array per split and view, clean labels, and what made them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock
from numpy.lib.format import header_data_from_array_1_0, write_array_header_1_0

from pipeline.core.errors import BadInput
from pipeline.core.files import atomic_write, write_text
from pipeline.core.splits import SPLITS, Array, Split

META = "meta.json"
BLOCK = 4096
"""Rows that are checked and written at a time."""


@dataclass(frozen=True)
class Features:
    """The splits of one dataset with clean labels; 'valid' is absent where the protocol has none.

    extractors: view -> name of its extractor; digest: hash of every number and label.
    """

    splits: Mapping[str, Split]
    class_names: Sequence[str]
    extractors: Mapping[str, str]
    digest: str


def write(
    folder: Path,
    views: Mapping[str, Array],
    labels: Array,
    split: Array,
    class_names: Sequence[str],
    extractors: Mapping[str, str],
) -> None:
    """views: n rows each; labels: n; split: n names. Raises BadInput before anything is written.

    meta.json stands last and goes first, so that arrays without it are no features; a lock keeps two processes from
    writing into one another.
    """
    places = {name: rows for name in SPLITS if len(rows := np.flatnonzero(split == name)) or name != "valid"}
    for rows in places.values():
        for view, x in views.items():
            sound = all(np.isfinite(block).all() for block in _blocks(x, rows))
            checked = x[:, :0][rows] if sound else x[rows]
            Split({view: checked}, {"labels": labels[rows]}, rows, len(class_names))
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with FileLock(f"{folder}.lock"):
        for old in (folder / META, *folder.glob("*.npy")):
            old.unlink(missing_ok=True)
        for name, rows in places.items():
            for part, x in {**views, "labels": labels.astype(np.int64)}.items():
                digest.update(f"{name}_{part}".encode())
                with atomic_write(folder / f"{name}_{part}.npy") as content:
                    described = header_data_from_array_1_0(np.ascontiguousarray(x[:0]))
                    write_array_header_1_0(content, described | {"shape": (len(rows), *x.shape[1:])})
                    for block in _blocks(x, rows):
                        digest.update(block.data)
                        content.write(block.data)
        meta = {"class_names": list(class_names), "extractors": dict(extractors), "digest": digest.hexdigest()[:16]}
        write_text(folder / META, json.dumps(meta, indent=1) + "\n")


def _blocks(x: Array, rows: Array) -> Iterator[Array]:
    """Some of the rows at a time, for the features of 100,000 samples are not to be copied."""
    return (np.ascontiguousarray(x[rows[start : start + BLOCK]]) for start in range(0, len(rows), BLOCK))


def read(folder: Path, wanted: Sequence[str] = SPLITS) -> Features:
    """What write stored, or only the wanted splits of it."""
    try:
        meta = json.loads((folder / META).read_text(encoding="utf-8"))
        splits = {
            name: _read_split(folder, name, list(meta["extractors"]), len(meta["class_names"]))
            for name in wanted
            if name != "valid" or (folder / "valid_labels.npy").exists()
        }
    except (OSError, ValueError, KeyError) as error:
        raise BadInput(
            f"the features cannot be read ({type(error).__name__})", str(folder), "run `dvc repro` to extract them"
        ) from error
    return Features(splits, meta["class_names"], meta["extractors"], meta["digest"])


def _read_split(folder: Path, name: str, views: Sequence[str], classes: int) -> Split:
    labels = np.load(folder / f"{name}_labels.npy", allow_pickle=False)
    return Split(
        {view: np.load(folder / f"{name}_{view}.npy", allow_pickle=False) for view in views},
        dict.fromkeys(views, labels),
        np.arange(len(labels)),
        classes,
    )
