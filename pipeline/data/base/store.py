"""A raw dataset as files: manifest.csv, meta.json and one file per view."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core.datasets import RawDataset, RawView
from pipeline.core.errors import BadInput
from pipeline.core.splits import SPLITS, Array

MANIFEST, META = "manifest.csv", "meta.json"
COLUMNS = ["id", "class", "split", "concept"]
DTYPES = {"image": "uint8", "cloud": "float32", "features": "float32"}
DIMENSIONS = {"image": (3, 4), "cloud": (3,), "features": (2,)}
AGAIN = "fetch the dataset again"


def write(raw: RawDataset, folder: Path) -> None:
    """The same dataset gives the same bytes. Texts go into a JSON list, arrays into .npy."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / MANIFEST).open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        classes = [raw.class_names[label] for label in raw.labels]
        table.writerows(zip(raw.ids, classes, raw.split, raw.concept, strict=True))
    for name, view in raw.views.items():
        if view.kind == "text":
            _write_json(folder / f"{name}.json", list(view.samples))
        else:
            np.save(folder / f"{name}.npy", np.asarray(view.samples), allow_pickle=False)
    kinds = {name: view.kind for name, view in raw.views.items()}
    _write_json(folder / META, {"class_names": list(raw.class_names), "views": kinds})


def read(folder: Path) -> RawDataset:
    """What write() stored; a file that is missing or broken is named in a BadInput."""
    meta = _read_json(folder / META)
    try:
        class_names, kinds = list(meta["class_names"]), dict(meta["views"])
    except (KeyError, TypeError, ValueError):
        raise BadInput("'class_names' or 'views' is missing", str(folder / META), AGAIN) from None
    rows = _read_manifest(folder / MANIFEST, class_names)
    return RawDataset(
        ids=[row["id"] for row in rows],
        views={name: _read_view(folder, name, kind, len(rows)) for name, kind in kinds.items()},
        labels=np.array([class_names.index(row["class"]) for row in rows], dtype=np.int64),
        split=np.array([row["split"] for row in rows]),
        concept=[row["concept"] for row in rows],
        class_names=class_names,
    )


def _write_json(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _read_json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput("the file is missing", str(file), AGAIN) from None
    except ValueError:
        raise BadInput("the file is not valid JSON", str(file), AGAIN) from None


def _read_manifest(file: Path, class_names: list[str]) -> list[dict[str, str]]:
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
    file = folder / (f"{name}.json" if kind == "text" else f"{name}.npy")
    samples = _read_json(file) if kind == "text" else _read_array(file, kind)
    if kind == "text" and not (isinstance(samples, list) and all(isinstance(text, str) for text in samples)):
        raise BadInput("the file is not a list of texts", str(file), AGAIN)
    if len(samples) != rows:
        raise BadInput(f"{len(samples)} samples where {MANIFEST} has {rows}", str(file), AGAIN)
    return RawView(kind, samples)


def _read_array(file: Path, kind: str) -> Array:
    try:
        array: Array = np.load(file, allow_pickle=False)
    except FileNotFoundError:
        raise BadInput("the file is missing", str(file), AGAIN) from None
    except (ValueError, EOFError, OSError):
        raise BadInput("the file is not a whole array", str(file), AGAIN) from None
    if kind not in DTYPES or array.dtype != DTYPES[kind] or array.ndim not in DIMENSIONS[kind]:
        raise BadInput(f"{array.dtype} of {array.ndim} dimensions is no view of kind '{kind}'", str(file), AGAIN)
    return array
