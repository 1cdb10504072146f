"""Arrays of MATLAB 7.3, which are HDF5 with marks of MATLAB's own, read as SciPy reads those of MATLAB 5."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
from scipy.sparse import csc_matrix

from pipeline.core.errors import BadInput
from pipeline.core.splits import Array

CLASS, EMPTY, SPARSE = "MATLAB_class", "MATLAB_empty", "MATLAB_sparse"
"""Attributes: the class of a value; that its numbers are the lengths of its axes; the rows of a sparse matrix."""
NUMBERS = {"double", "single", "logical", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))}
DENSEST = 2**28
"""Numbers to which a sparse matrix may be written out, 2 GiB."""


def keys_of(file: Path) -> list[str]:
    """The variables, without what MATLAB keeps beside them."""
    with h5py.File(file) as opened:
        return [key for key in opened if not key.startswith("#")]


def variable(file: Path, key: str) -> Any:
    """Numbers and sparse matrices as an array, texts and cells of texts as texts, axes as MATLAB shows them.

    Raises BadInput for another class of MATLAB's, whose numbers are no values.
    """
    with h5py.File(file) as opened:
        node = opened[key]
        if SPARSE in node.attrs:
            return written_out(_sparse(node), f"{file}:{key}")
        kind = _class(node)
        if kind == "cell" and not node.attrs.get(EMPTY, 0):
            cells = [opened[reference] for reference in np.transpose(node[()]).ravel()]
            if all(_class(cell) == "char" for cell in cells):
                return np.array([_text(cell) for cell in cells])
            raise BadInput("its cells are no texts", f"{file}:{key}", "save a cell array of texts, or plain numbers")
        if kind == "char":
            return np.array([_text(node)] if node.ndim < 2 or node.shape[1] == 1 else _rows(node))
        if kind not in NUMBERS or not isinstance(node, h5py.Dataset):
            raise BadInput(f"it is a {kind} of MATLAB", f"{file}:{key}", "save plain numbers, or texts by cellstr")
        if node.attrs.get(EMPTY, 0):
            return np.empty(tuple(int(length) for length in node[()]))
        return np.transpose(node[()])


def written_out(matrix: Any, place: str) -> Array:
    """A sparse matrix with its zeros. Raises BadInput where that would be too many."""
    if matrix.shape[0] * matrix.shape[1] > DENSEST:
        shape = " x ".join(map(str, matrix.shape))
        remedy = "keep fewer columns, such as the most frequent words or the first components"
        raise BadInput(f"its {shape} values are too many to be written out", place, remedy)
    dense: Array = matrix.toarray()
    return dense


def _class(node: Any) -> str:
    """Without the mark, as other programs write: numbers."""
    given = node.attrs.get(CLASS, b"double" if isinstance(node, h5py.Dataset) else b"struct")
    return given.decode() if isinstance(given, bytes) else str(given)


def _sparse(group: Any) -> csc_matrix:
    rows, starts = int(group.attrs[SPARSE]), group["jc"][()].astype(np.int64)
    if "data" not in group:
        return csc_matrix((rows, len(starts) - 1))
    return csc_matrix((group["data"][()], group["ir"][()].astype(np.int64), starts), shape=(rows, len(starts) - 1))


def _text(node: Any) -> str:
    """A row of characters, which stand as UTF-16 in a column."""
    if node.attrs.get(EMPTY, 0):
        return ""
    return node[()].astype("<u2").tobytes().decode("utf-16-le")


def _rows(node: Any) -> list[str]:
    return [row.astype("<u2").tobytes().decode("utf-16-le") for row in np.transpose(node[()])]
