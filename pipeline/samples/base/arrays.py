"""Kinds whose samples are arrays of one type and shape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np

from pipeline.core.errors import BadInput, MissingFiles
from pipeline.core.splits import Array
from pipeline.samples.base import Fault, Kind, Samples
from pipeline.samples.base.stored import AGAIN, read_npy


class ArrayKind(Kind):
    """A view is one array, n x the shape of a sample, stored as .npy. dtype: its type, as NumPy writes it."""

    dtype: ClassVar[str]
    extension = ".npy"
    stays_in_files = True

    def gather(self, samples: Iterable[Array], count: int) -> Array:
        view = np.empty(0)
        for row, sample in enumerate(samples):
            if not row:
                view = np.empty((count, *sample.shape), dtype=self.dtype)
            view[row] = sample
        return view

    def write(self, samples: Samples, file: Path) -> None:
        np.save(file, np.asarray(samples), allow_pickle=False)

    def load(self, file: Path) -> Array:
        array = read_npy(file)
        if array.dtype != self.dtype or array.ndim - 1 not in self.axes:
            problem = f"{array.dtype} of {array.ndim} dimensions is no view of kind '{self.name}'"
            raise BadInput(problem, str(file), AGAIN)
        return array

    def misfit(self, samples: Samples) -> str:
        array = np.asarray(samples)
        if array.dtype == self.dtype and array.size > 0 and self.fits(array.shape[1:]):
            return ""
        return f"{' x '.join(map(str, array.shape))} of {array.dtype} is no view of kind '{self.name}'"

    def faults(self, samples: Samples) -> Iterator[Fault]:
        """NaN and infinite numbers."""
        broken = ~np.isfinite(np.asarray(samples)).reshape(len(samples), -1).all(axis=1)
        yield Fault("there are NaN or infinite numbers", broken, "mend the numbers or drop the pair", fatal=True)


def read_array(file: Path) -> Array:
    """The array of numbers in a .npy file of a user.

    Raises BadInput for pickled objects and for anything but numbers, MissingFiles where the file is missing.
    """
    try:
        array: Array = np.load(file, allow_pickle=False)
    except FileNotFoundError:
        raise MissingFiles("the file is missing", str(file), "put it there") from None
    except PermissionError as error:
        raise BadInput(f"it cannot be opened ({error.strerror})", str(file), "make it readable") from None
    except (ValueError, EOFError, OSError) as error:
        if "Object arrays cannot be loaded" in str(error):
            problem = "it holds Python objects, which are never opened"
            raise BadInput(problem, str(file), "save it again as plain numbers") from None
        raise BadInput("the file is not a whole array", str(file), "copy it again") from None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "uif":
        raise BadInput("the file holds no array of numbers", str(file), "put another file there")
    return array
