"""The lists of pairs in which Rasiwasia et al. ship Wikipedia."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.core.errors import BadInput
from pipeline.core.splits import Array
from pipeline.data.base.author_files import AGAIN

CLASSES = 10
LISTS = {"train": "trainset_txt_img_cat.list", "test": "testset_txt_img_cat.list"}
CATEGORIES = "categories.list"


def read_classes(file: Path, count: int) -> Array:
    """n class indices from 0 (int64): the third column, tab-separated, of a list that must have count lines."""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    if len(lines) != count:
        raise BadInput(f"it has {len(lines)} lines, the split has {count} pairs", str(file), AGAIN)
    known = {str(number): number - 1 for number in range(1, CLASSES + 1)}
    classes = []
    for row, line in enumerate(lines, start=1):
        columns = line.split("\t")
        if len(columns) != 3 or columns[2] not in known:
            raise BadInput(
                f"line {row} is not text, picture and a class from 1 to {CLASSES}, separated by tabs", str(file), AGAIN
            )
        classes.append(known[columns[2]])
    return np.array(classes, dtype=np.int64)
