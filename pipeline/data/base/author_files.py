"""Features of paired samples as authors ship them in MATLAB and HDF5 files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
from scipy.io import loadmat

from pipeline.core.datasets import RawDataset, RawView
from pipeline.core.errors import BadInput, MissingFiles
from pipeline.core.splits import Array

AGAIN = "copy the authors' file again"
ARCHIVES = "huggingface.co/datasets/xinxin713/hashing-benchmark-datasets"
"""Where RFCMH's authors put the datasets that they train on."""


class Variable(NamedTuple):
    """An array of a file; where: the file and the array's name, for an error's sentence."""

    place: str
    array: Array


Block = Mapping[str, tuple[Variable, Variable]]
"""View -> features (n x d) and labels (n, 1 x n or n x 1) of the same samples in the same order."""


def needed(folder: Path, names: Sequence[str], remedy: str) -> list[Path]:
    """The files of these names in a folder; remedy: what a person must put there, and where it comes from."""
    for name in names:
        if not (folder / name).is_file():
            raise MissingFiles(f"{name} is missing", str(folder), remedy)
    return [folder / name for name in names]


def archived(name: str) -> str:
    """Where else a file may be had, for the remedy of `needed`; nobody has looked into the archive."""
    return f"it may also be in data/{name}.zip of {ARCHIVES}, which github.com/XinchengSun/RFCMH links"


def numbered(classes: int) -> list[str]:
    """Names of classes of which the authors ship numbers alone."""
    return [f"class {number}" for number in range(1, classes + 1)]


def named(file: Path, classes: int) -> list[str]:
    """Names of classes, all different, as a text lists them with blanks or line ends between them."""
    names = file.read_text(encoding="utf-8", errors="replace").split()
    if len(names) != classes or len(set(names)) != classes:
        raise BadInput(f"it names {len(set(names))} classes, not {classes}", str(file), AGAIN)
    return names


def read_matlab(file: Path, names: Sequence[str]) -> dict[str, Array]:
    """Those of the named variables that a MATLAB file holds; a cell array has dtype object.

    Version 7.3 is HDF5 with its axes in reverse; its cell arrays are references, which nothing here follows.
    """
    try:
        content = loadmat(file, variable_names=list(names), appendmat=False)
    except NotImplementedError:
        return {name: np.transpose(array) for name, array in read_hdf5(file, names).items()}
    except Exception:  # a damaged file makes loadmat raise almost anything
        raise BadInput("this is no whole MATLAB file", str(file), AGAIN) from None
    return {name: content[name] for name in names if isinstance(content.get(name), np.ndarray)}


def from_matlab(file: Path, name: str) -> Variable:
    """The array of numbers of this name in a MATLAB file."""
    return variable(file, read_matlab(file, [name]), name)


def read_hdf5(file: Path, names: Sequence[str]) -> dict[str, Array]:
    """Those of the named arrays that an HDF5 file holds."""
    try:
        with h5py.File(file, "r") as content:
            members = {name: content.get(name) for name in names}
            return {name: np.asarray(x[()]) for name, x in members.items() if isinstance(x, h5py.Dataset)}
    except Exception:  # a damaged file makes h5py raise almost anything
        raise BadInput("this is no whole HDF5 file", str(file), AGAIN) from None


def variable(file: Path, content: Mapping[str, Any], *spellings: str) -> Variable:
    """The array of numbers that a file holds under the first of these names that it has."""
    name = next((spelling for spelling in spellings if spelling in content), None)
    if name is None or content[name].dtype.kind not in "uif":
        raise BadInput(f"it holds no array of numbers named {' or '.join(spellings)}", str(file), AGAIN)
    return Variable(f"{file}, {name}", content[name])


def pairs_of_mrl(file: Path, sizes: Mapping[str, int], class_names: Sequence[str]) -> RawDataset:
    """An HDF5 file as github.com/penghu-cs/MRL reads it (src/noisydataset.py): views 'image' and 'text'.

    Of every split it holds <split>_imgs_deep, <split>_imgs_labels, <split>_text or _texts, <split>_texts_labels.
    Where it holds no valid split, the first rows of test are for validation.
    """
    kinds = ("imgs_deep", "imgs_labels", "text", "texts", "texts_labels")
    content = read_hdf5(file, [f"{split}_{kind}" for split in sizes for kind in kinds])
    rows = dict(sizes)
    if "valid_text" not in content and "valid_texts" not in content:
        rows = {"train": sizes["train"], "test": sizes["valid"] + sizes["test"]}
    blocks = [
        {
            "image": (variable(file, content, f"{split}_imgs_deep"), variable(file, content, f"{split}_imgs_labels")),
            "text": (
                variable(file, content, f"{split}_text", f"{split}_texts"),
                variable(file, content, f"{split}_texts_labels"),
            ),
        }
        for split in rows
    ]
    return paired(list(rows.values()), blocks, sizes, class_names)


def paired(
    rows: Sequence[int], blocks: Sequence[Block], sizes: Mapping[str, int], class_names: Sequence[str]
) -> RawDataset:
    """Blocks of rows[i] pairs each, put one below the other -> views of kind 'features', float32.

    sizes: split -> its pairs, in the order of the rows. The labels of a block number all classes from 0 or from 1
    and are the same in all its views.
    """
    labels = []
    for count, block in zip(rows, blocks, strict=True):
        (first, expected), *others = [
            (labels, _classes(labels, count, len(class_names))) for _, labels in block.values()
        ]
        labels.append(expected)
        for other, classes in others:
            differing = np.flatnonzero(classes != expected)
            if len(differing):
                problem = f"{len(differing)} labels differ from {first.place}, the first in row {differing[0]}"
                raise BadInput(problem, other.place, "pair the rows of both views again")
    ids = [f"{split}-{row:05d}" for split, size in sizes.items() for row in range(size)]
    return RawDataset(
        ids=ids,
        views={view: RawView("features", _stacked(rows, [block[view][0] for block in blocks])) for view in blocks[0]},
        labels=np.concatenate(labels),
        split=np.repeat(list(sizes), list(sizes.values())),
        concept=ids,
        class_names=class_names,
    )


def _stacked(rows: Sequence[int], variables: Sequence[Variable]) -> Array:
    """The features of all blocks (n x d, float32), every number finite."""
    width = variables[0].array.shape[1] if variables[0].array.ndim == 2 else 0
    stacked = np.empty((sum(rows), width), dtype=np.float32)
    start = 0
    for count, (place, array) in zip(rows, variables, strict=True):
        if array.shape != (count, width) or not width:
            raise BadInput(f"it is {_shape(array)}, not {count} x {width or 'features'}", place, AGAIN)
        part = stacked[start : start + count]
        with np.errstate(over="ignore"):
            part[:] = array
        finite = np.isfinite(part).all(axis=1)
        if not finite.all():
            raise BadInput(f"it is not finite in row {finite.argmin()}", place, AGAIN)
        start += count
    return stacked


def _classes(labels: Variable, count: int, classes: int) -> Array:
    """count class indices from 0 (int64) of labels that number all classes from 0 or from 1."""
    place, array = labels
    if array.size != count or max(array.shape) != count:
        raise BadInput(f"it is {_shape(array)}, not {count} labels", place, AGAIN)
    values = array.reshape(-1)
    low, high = values.min(), values.max()
    if low not in (0, 1) or high != low + classes - 1 or (values != np.floor(values)).any():
        raise BadInput(f"its labels from {low} to {high} do not number {classes} classes", place, AGAIN)
    return values.astype(np.int64) - int(low)


def _shape(array: Array) -> str:
    return " x ".join(map(str, array.shape)) or "a single number"
