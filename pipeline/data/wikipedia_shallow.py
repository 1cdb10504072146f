"""Wikipedia as Rasiwasia et al. ship it: SIFT words and LDA topics, from files that the user puts into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from scipy.io import loadmat

from pipeline.core.datasets import RawDataset, RawView
from pipeline.core.errors import BadInput
from pipeline.core.progress import Progress
from pipeline.core.splits import Array
from pipeline.data.base import Dataset
from pipeline.data.base.author_files import AGAIN, named, needed
from pipeline.data.base.wikipedia_lists import CATEGORIES, CLASSES, LISTS, read_classes

SIZES = {"train": 2173, "test": 693}
SUFFIX = {"train": "tr", "test": "te"}
FEATURES = "raw_features.mat"
IMAGE = ("I", 128)
TEXT = {"lda": ("T", 10), "tfidf": ("T_tfidf", 1000)}
"""Setting -> the variable's name without its suffix, and its width."""


class WikipediaShallow(Dataset):
    """2866 sections of Wikipedia articles with their picture, in the split of Rasiwasia et al. (ACM MM 2010).

    folder holds the authors' raw_features.mat, both lists of pairs and categories.list; no validation split.
    image: 128 shares of SIFT words; text: 10 LDA topics ('lda') or 1000 tf-idf weights ('tfidf'); all float32.
    The order is the lists'. As published, 552 of the 693 test sections come from articles of which other sections
    are in the training split, and 3 test pictures have the very SIFT words of a training picture.
    """

    display = "Wikipedia (SIFT, LDA)"
    task = "image-text"
    source = "Rasiwasia et al., A New Approach to Cross-Modal Multimedia Retrieval (svcl.ucsd.edu/projects/crossmodal)"
    licence = "features: no licence stated; Wikipedia's texts: CC BY-SA"
    reads = (FEATURES, *LISTS.values(), CATEGORIES)

    def __init__(self, folder: Path, text: Literal["lda", "tfidf"] = "lda") -> None:
        self.folder = folder
        self.text = text

    def load(self, progress: Progress) -> RawDataset:
        every = ", ".join(self.reads)
        remedy = f"put {every} of the Wikipedia dataset of svcl.ucsd.edu/projects/crossmodal into this folder"
        features, *lists, categories = needed(self.folder, self.reads, remedy)
        names = named(categories, CLASSES)
        labels = [read_classes(file, size) for file, size in zip(lists, SIZES.values(), strict=True)]
        ids = [f"{split}-{row:04d}" for split, size in SIZES.items() for row in range(size)]
        views = {
            view: RawView("features", read_features(features, *variable))
            for view, variable in (("image", IMAGE), ("text", TEXT[self.text]))
        }
        progress(len(ids), len(ids))
        return RawDataset(
            ids=ids,
            views=views,
            labels=np.concatenate(labels),
            split=np.repeat(list(SIZES), list(SIZES.values())),
            concept=ids,
            class_names=names,
        )


def read_features(file: Path, name: str, width: int) -> Array:
    """The rows of both splits, training first, of one kind of features in the authors' MATLAB file (n x width)."""
    wanted = {f"{name}_{SUFFIX[split]}": size for split, size in SIZES.items()}
    try:
        content = loadmat(file, variable_names=list(wanted), appendmat=False)
    except Exception:  # a damaged file makes loadmat raise almost anything
        raise BadInput("this is no whole MATLAB file", str(file), AGAIN) from None
    parts = []
    for variable, size in wanted.items():
        array = content.get(variable)
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "uif":
            raise BadInput(f"it holds no array of numbers named {variable}", str(file), AGAIN)
        if array.shape != (size, width):
            shape = " x ".join(map(str, array.shape))
            raise BadInput(f"{variable} is {shape}, not {size} x {width}", str(file), AGAIN)
        with np.errstate(over="ignore"):
            rows = array.astype(np.float32)
        if not np.isfinite(rows).all():
            row = int(np.argwhere(~np.isfinite(rows))[0][0])
            raise BadInput(f"{variable} is not finite in row {row}", str(file), AGAIN)
        parts.append(rows)
    return np.concatenate(parts)
