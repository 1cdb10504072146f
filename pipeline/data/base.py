"""What a dataset file must offer, and how it reads the arrays that authors ship."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import numpy as np

from pipeline.contract import Array, RawDataset
from pipeline.errors import BadInput, MissingFiles

Progress = Callable[[int, int], None]


class Dataset(ABC):
    """Paired samples with clean labels; constructor arguments are the dataset's block in params.yaml.

    display: name in tables; task: e.g. 'image-text'; source, licence: shown on the results page.
    """

    display: ClassVar[str]
    task: ClassVar[str]
    source: ClassVar[str]
    licence: ClassVar[str]

    @abstractmethod
    def load(self, progress: Progress) -> RawDataset:
        """All samples of train, test and, where the protocol has one, valid; the same call gives the same bits."""


def read_array(file: Path) -> Array:
    """The array of numbers in a .npy file that authors ship; pickled objects are refused."""
    try:
        array: Array = np.load(file, allow_pickle=False)
    except FileNotFoundError:
        raise MissingFiles("the file is missing", str(file), "put the authors' file there") from None
    except (ValueError, EOFError, OSError):
        raise BadInput("the file is not a whole array", str(file), "copy the authors' file again") from None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "uif":
        raise BadInput("the file holds no array of numbers", str(file), "put the authors' file there")
    return array


def read_labels(file: Path, count: int, classes: int) -> Array:
    """n class indices (int64) in a .npy file that must hold count of them, as integers or as whole floats."""
    values = read_array(file)
    if values.ndim != 1 or len(values) != count:
        shape = " x ".join(map(str, values.shape)) or "no"
        raise BadInput(
            f"it holds {shape} labels, the split has {count} samples", str(file), "use the file of this split"
        )
    wrong = ~((values >= 0) & (values < classes) & (values == np.floor(values)))
    if wrong.any():
        row = int(wrong.argmax())
        what = f"label {values[row]} of sample {row} is none of the classes 0..{classes - 1}"
        raise BadInput(what, str(file), "number the classes from 0 or use the file of this dataset")
    return values.astype(np.int64)
