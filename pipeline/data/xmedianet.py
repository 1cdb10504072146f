"""XMediaNet as MRL uses it, from a file that the user puts into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from pipeline.core.datasets import RawDataset
from pipeline.core.errors import BadInput
from pipeline.core.progress import Progress
from pipeline.core.splits import Array
from pipeline.data.base import Dataset
from pipeline.data.base.author_files import (
    AGAIN,
    Variable,
    archived,
    needed,
    numbered,
    paired,
    pairs_of_mrl,
    read_matlab,
)
from pipeline.data.base.mrl_splits import XMEDIANET

SIZES, CLASSES = XMEDIANET
TWO, FOUR = "xmedianet_deep_doc2vec_data.h5py", "XMediaNet4View_pairs.mat"
VIEWS = ("image", "text", "third", "fourth")
REMEDY = (
    "put {} into this folder, the file that github.com/penghu-cs/MRL reads; ask MRL's authors; "
    f"{archived('xmedianet')}, whose code reads another file from it "
    "(the dataset itself: www.icst.pku.edu.cn/mipl/XMedia)"
)


class XMediaNet(Dataset):
    """Pictures and Wikipedia paragraphs of 200 classes (Peng et al., IEEE TIP 2018), in the split of MRL.

    views 2: folder holds MRL's HDF5 file of 40,000 pairs. image: VGG-19 features; text: Doc2Vec features.
    views 4: folder holds MRL's MATLAB file, whose 1 x 4 cell arrays <split> and <split>_labels have one cell per view.
    The first two are image and text; which media the others are, and how many pairs there are, is not published.
    All features are float32. The classes have numbers only.
    """

    display = "XMediaNet"
    task = "image-text"
    source = (
        "Peng et al., XMediaNet (www.icst.pku.edu.cn/mipl/XMedia); features in the split of github.com/penghu-cs/MRL"
    )
    licence = "no licence stated"

    def __init__(self, folder: Path, views: Literal[2, 4]) -> None:
        self.folder = folder
        self.views = views
        self.reads = (TWO if views == 2 else FOUR,)

    def load(self, progress: Progress) -> RawDataset:
        [file] = needed(self.folder, self.reads, REMEDY.format(*self.reads))
        names = numbered(CLASSES)
        raw = pairs_of_mrl(file, SIZES, names) if self.views == 2 else four_views(file, names)
        progress(len(raw.ids), len(raw.ids))
        return raw


def four_views(file: Path, class_names: list[str]) -> RawDataset:
    """The MATLAB file of four views, whose splits are as large as the file says."""
    content = read_matlab(file, [split + ending for split in SIZES for ending in ("", "_labels")])
    blocks = []
    for split in SIZES:
        features, labels = _cells(file, content, split), _cells(file, content, f"{split}_labels")
        blocks.append(dict(zip(VIEWS, zip(features, labels, strict=True), strict=True)))
    sizes = {split: len(block[VIEWS[0]][0].array) for split, block in zip(SIZES, blocks, strict=True)}
    return paired(list(sizes.values()), blocks, sizes, class_names)


def _cells(file: Path, content: dict[str, Array], name: str) -> list[Variable]:
    """The four arrays of numbers in a cell array."""
    cells = content[name].ravel() if name in content and content[name].dtype == object else np.empty(0)
    if len(cells) != len(VIEWS) or not all(isinstance(x, np.ndarray) and x.dtype.kind in "uif" for x in cells):
        raise BadInput(f"it holds no cell array of {len(VIEWS)} arrays of numbers named {name}", str(file), AGAIN)
    return [Variable(f"{file}, {name}{{{position}}}", cell) for position, cell in enumerate(cells, start=1)]
