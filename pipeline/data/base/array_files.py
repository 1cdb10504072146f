"""Arrays in the files in which features are passed on; nothing pickled is ever opened."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
from safetensors import safe_open
from scipy.io import loadmat, whosmat
from scipy.sparse import issparse
from torch import Tensor

from pipeline.core.errors import BadInput, MissingFiles, UnknownName
from pipeline.core.splits import Array
from pipeline.data.base.matlab73 import keys_of, variable, written_out

Opened = tuple[list[str], Callable[[str], Any]]
"""The keys of a file, and what gives the array of one of them."""
PICKLED = "Object arrays cannot be loaded"
"""What NumPy says of them."""


def read(place: str) -> Array:
    """The array at `file` or `file:key`: numbers (uif) or texts (U). The key may be left out where there is one array.

    .npy, .npz, .safetensors, .mat (up to version 7 by SciPy, 7.3 as HDF5), .h5 and .hdf5. MATLAB's axes come as
    MATLAB shows them.
    """
    file, key = parted(place)
    if file.suffix.lower() not in READERS:
        kinds = ", ".join(sorted(READERS))
        raise BadInput(f"'{file.suffix}' is no kind of array file", str(file), f"give one of {kinds}")
    if not file.is_file():
        raise MissingFiles("the file is missing", str(file), "put it there or correct the path in params.yaml")
    try:
        keys, get = READERS[file.suffix.lower()](file)
        if not key and len(keys) == 1:
            key = keys[0]
        array = get(key) if key in keys else None
        if issparse(array):
            array = written_out(array, place)
    except BadInput:
        raise
    except PermissionError as error:
        raise BadInput(f"it cannot be opened ({error.strerror})", place, "make it readable") from None
    except UnicodeDecodeError:
        raise BadInput("its texts are not in UTF-8", place, "save them as UTF-8") from None
    except MemoryError:
        raise BadInput("it does not fit into memory", place, "bring fewer rows or columns") from None
    except Exception as error:  # a damaged file makes the libraries raise almost anything
        if PICKLED in str(error):
            problem = "it holds Python objects, which are never opened"
            raise BadInput(problem, place, "save it again as plain numbers or texts") from None
        problem = "the file, or this array in it, is damaged"
        raise BadInput(problem, place, "copy or save it again") from None
    if array is None and key:
        raise UnknownName(key, keys, str(file))
    if array is None:
        raise BadInput(f"it holds the arrays {', '.join(sorted(keys))}", str(file), f"name one as {file}:KEY")
    return _plain(array, place)


def parted(place: str) -> tuple[Path, str]:
    """The file and the key, '' where none is given, of `file` or `file:key`."""
    name, colon, key = place.rpartition(":")
    return (Path(name), key) if colon and not Path(place).is_file() else (Path(place), "")


def read_names(place: str) -> list[str]:
    """n names (class, id or split) from texts or whole numbers in one row or column; floats must be whole."""
    array = read(place)
    if array.size != max(array.shape):
        shape = " x ".join(map(str, array.shape))
        raise BadInput(f"{shape} values are no list", place, "give one value per sample, the class and no scores")
    values = array.ravel()
    if values.dtype.kind == "f":
        wrong = ~np.isfinite(values) | (values != np.floor(values))
        if wrong.any():
            row = int(wrong.argmax())
            raise BadInput(
                f"row {row} has {values[row]} where a name or a whole number belongs",
                place,
                "give it or drop the sample",
            )
        values = values.astype(np.int64)
    names = [str(value).strip() for value in values]
    if "" in names:
        raise BadInput(f"row {names.index('')} is empty", place, "give it a name or drop the sample")
    return names


def _plain(array: Any, place: str) -> Array:
    """Numbers as they are; texts, which some formats keep as bytes or one by one in a table of objects, as U."""
    values = np.asarray(array)
    if values.dtype.kind == "O":
        texts = [np.asarray(value) for value in values.ravel()]
        if all(text.size == 1 and text.dtype.kind in "US" for text in texts):
            values = np.array([text.item() for text in texts]).reshape(values.shape)
    if values.dtype.kind == "S":
        try:
            values = np.char.decode(values, "utf-8")
        except UnicodeDecodeError:
            raise BadInput("its texts are not in UTF-8", place, "save them as UTF-8") from None
    if values.dtype.kind not in "uifU" or not values.ndim:
        raise BadInput(f"this is no array of numbers or texts but {values.dtype}", place, "save it as plain numbers")
    return values


def _npy(file: Path) -> Opened:
    return ["array"], lambda key: np.load(file, allow_pickle=False)


def _npz(file: Path) -> Opened:
    archive = np.load(file, allow_pickle=False)
    return list(archive.files), archive.__getitem__


def _safetensors(file: Path) -> Opened:
    with safe_open(file, "pt") as stored:
        keys = list(stored.keys())

    def get(key: str) -> Array:
        with safe_open(file, "pt") as stored:
            tensor: Tensor = stored.get_tensor(key)
        array: Array = (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()
        return array

    return keys, get


def _mat(file: Path) -> Opened:
    try:
        keys = [key for key, *_ in whosmat(file, appendmat=False)]
    except NotImplementedError:
        return keys_of(file), partial(variable, file)
    return keys, lambda key: loadmat(file, variable_names=[key], appendmat=False)[key]


def _hdf5(file: Path) -> Opened:
    keys: list[str] = []
    with h5py.File(file) as opened:
        opened.visititems(lambda key, node: keys.append(key) if isinstance(node, h5py.Dataset) else None)

    def get(key: str) -> Any:
        with h5py.File(file) as opened:
            dataset = opened[key]
            return dataset.asstr("utf-8")[()] if h5py.check_string_dtype(dataset.dtype) else dataset[()]

    return keys, get


READERS: dict[str, Callable[[Path], Opened]] = {
    ".npy": _npy,
    ".npz": _npz,
    ".safetensors": _safetensors,
    ".mat": _mat,
    ".h5": _hdf5,
    ".hdf5": _hdf5,
}
