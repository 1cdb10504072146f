"""Wikipedia in the split of MRL, as ready features or as raw pictures and texts."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Literal

import numpy as np

from pipeline.core.datasets import RawDataset, RawView
from pipeline.core.errors import BadInput
from pipeline.core.progress import Progress
from pipeline.data.base import Dataset, Served
from pipeline.data.base.author_files import AGAIN, named, needed, numbered, pairs_of_mrl
from pipeline.data.base.pictures import SHORTER_SIDE, read_square
from pipeline.data.base.wikipedia_lists import CATEGORIES, CLASSES, LISTS, read_classes

SIZES = {"train": 2173, "valid": 231, "test": 462}
FEATURES = "wiki_deep_doc2vec_data_corr_ae.h5py"
MRL = f"https://raw.githubusercontent.com/penghu-cs/MRL/e0f5c8f4c02b3fd1aafd252600e2482623308926/data/wiki/{FEATURES}"
READY = f"put {FEATURES} of data/wiki in github.com/penghu-cs/MRL into this folder"
RAW = (
    f"put {', '.join(LISTS.values())}, {CATEGORIES}, texts/ and images/ of the Wikipedia dataset of "
    "svcl.ucsd.edu/projects/crossmodal into this folder"
)
TEXT = re.compile(r"<text\b[^>]*>(.*?)</text>", re.DOTALL)


class Wikipedia(Dataset):
    """2866 sections of Wikipedia articles with their picture (Rasiwasia et al., ACM MM 2010) in 10 classes.

    The split of MRL (CVPR 2021): the authors' 2173 training pairs; the first 231 of their 693 test pairs validate.
    form 'ready': folder holds MRL's HDF5 file of VGG-19 (4096) and Doc2Vec (300) features (its git blob is
    e3ffcb7a6e42a853e24154a7834cbbeb21a913a7); its classes have numbers only.
    form 'raw': folder holds the authors' lists, texts/<text>.xml and images/<class>/<picture>.jpg. image: 256 x 256
    x 3 uint8, of which features.base.imagenet.prepare cuts what it cuts of the whole picture, but for the rounding to
    whole grey levels; text: what stands between <text> and </text>.
    """

    display = "Wikipedia"
    task = "image-text"
    source = (
        "Rasiwasia et al., A New Approach to Cross-Modal Multimedia Retrieval (svcl.ucsd.edu/projects/crossmodal); "
        "ready features from github.com/penghu-cs/MRL"
    )
    licence = "texts: CC BY-SA; pictures: no licence stated; ready features: MIT, as the repository that ships them"

    def __init__(self, folder: Path, form: Literal["ready", "raw"]) -> None:
        self.folder = folder
        self.form = form
        self.served = [Served(FEATURES, MRL)] if form == "ready" else []
        self.reads = (FEATURES,) if form == "ready" else (*LISTS.values(), CATEGORIES, "texts/*.xml", "images/*/*.jpg")

    def load(self, progress: Progress) -> RawDataset:
        return self._ready(progress) if self.form == "ready" else self._raw(progress)

    def _ready(self, progress: Progress) -> RawDataset:
        [file] = needed(self.folder, [FEATURES], READY)
        raw = pairs_of_mrl(file, SIZES, numbered(CLASSES))
        progress(len(raw.ids), len(raw.ids))
        return raw

    def _raw(self, progress: Progress) -> RawDataset:
        *lists, categories = needed(self.folder, [*LISTS.values(), CATEGORIES], RAW)
        names = named(categories, CLASSES)
        counts = (SIZES["train"], SIZES["valid"] + SIZES["test"])
        labels = np.concatenate([read_classes(file, count) for file, count in zip(lists, counts, strict=True)])
        listed = [file.read_text(encoding="utf-8", errors="replace") for file in lists]
        lines = [line.split("\t") for content in listed for line in content.splitlines()]
        texts = [read_text(self._needed(f"texts/{line[0]}.xml")) for line in lines]
        pictures = np.empty((len(lines), SHORTER_SIDE, SHORTER_SIDE, 3), dtype=np.uint8)
        for row, (line, label) in enumerate(zip(lines, labels, strict=True)):
            pictures[row] = read_square(self._needed(f"images/{names[label]}/{line[1]}.jpg"))
            progress(row + 1, len(lines))
        ids = [line[0] for line in lines]
        return RawDataset(
            ids=ids,
            views={"image": RawView("image", pictures), "text": RawView("text", texts)},
            labels=labels,
            split=np.repeat(list(SIZES), list(SIZES.values())),
            concept=ids,
            class_names=names,
        )

    def _needed(self, name: str) -> Path:
        return needed(self.folder, [name], RAW)[0]


def read_text(file: Path) -> str:
    """The words of one of the authors' XML files, one blank between them; its other markup need not be well-formed."""
    content = file.read_text(encoding="utf-8", errors="replace")
    words = " ".join(html.unescape(part) for part in TEXT.findall(content)).split()
    if not words:
        raise BadInput("it holds no words between <text> and </text>", str(file), AGAIN)
    return " ".join(words)
