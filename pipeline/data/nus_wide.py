"""NUS-WIDE with one label per pair as MRL uses it, from a file that the user puts into a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.core.datasets import RawDataset
from pipeline.core.errors import BadInput, MissingFiles
from pipeline.core.progress import Progress
from pipeline.core.splits import Array
from pipeline.data.base import Dataset
from pipeline.data.base.author_files import AGAIN, needed, numbered, pairs_of_mrl

SIZES = {"train": 42941, "valid": 5000, "test": 23661}
CLASSES = 10
CONCEPTS = 81
FILE = "nus_wide_deep_doc2vec_data_42941.h5py"
REMEDY = (
    f"put {FILE} into this folder, the file that github.com/penghu-cs/MRL reads; it is not public: ask MRL's authors "
    "(the dataset itself: lms.comp.nus.edu.sg/research/NUS-WIDE.htm, pictures on request)"
)


class NusWide(Dataset):
    """71,602 Flickr pictures with their tags (Chua et al., CIVR 2009), each in one of ten classes, in MRL's split.

    folder holds MRL's HDF5 file. image: VGG-19 features; text: Doc2Vec features; both float32. The classes have
    numbers only.
    """

    display = "NUS-WIDE"
    task = "image-text"
    source = (
        "Chua et al., NUS-WIDE (lms.comp.nus.edu.sg/research/NUS-WIDE.htm); the subset of Peng et al. (CCL), features "
        "in the split of github.com/penghu-cs/MRL"
    )
    licence = "no licence stated for the features; the pictures are sent on request after an agreement"
    reads = (FILE,)

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, progress: Progress) -> RawDataset:
        [file] = needed(self.folder, self.reads, REMEDY)
        raw = pairs_of_mrl(file, SIZES, numbered(CLASSES))
        progress(len(raw.ids), len(raw.ids))
        return raw


def single_label(folder: Path) -> tuple[Array, Array, list[str]]:
    """Which pictures of NUS-WIDE belong to exactly one of its ten largest concepts, and to which.

    folder: Groundtruth/AllLabels with its 81 files Labels_<concept>.txt, one 0 or 1 per picture in the order of
    Imagelist.txt and All_Tags.txt. Gives the pictures' rows (int64, ascending), their classes 0..9 (int64) and the
    concepts' names, the largest first, equal ones by name. Further concepts outside the ten do not count. MRL's file
    comes from such a subset; which of its pairs lie in which split is not published.
    """
    files = sorted(folder.glob("Labels_*.txt"))
    if len(files) != CONCEPTS:
        what = f"it holds {len(files)} files Labels_<concept>.txt, not {CONCEPTS}"
        raise MissingFiles(what, str(folder), "put those of Groundtruth/AllLabels of NUS-WIDE there")
    members = [_members(file) for file in files]
    for file, column in zip(files, members, strict=True):
        if len(column) != len(members[0]):
            raise BadInput(f"it has {len(column)} lines, {files[0].name} {len(members[0])}", str(file), AGAIN)
    largest = np.argsort([-column.sum() for column in members], kind="stable")[:CLASSES]
    belongs = np.stack([members[concept] for concept in largest])
    rows = np.flatnonzero(belongs.sum(axis=0) == 1)
    names = [files[concept].stem.removeprefix("Labels_") for concept in largest]
    return rows, belongs[:, rows].argmax(axis=0), names


def _members(file: Path) -> Array:
    """n booleans of a file of lines 0 and 1."""
    lines = np.array(file.read_bytes().split())
    belongs: Array = lines == b"1"
    if not (belongs | (lines == b"0")).all():
        raise BadInput("it holds other lines than 0 and 1", str(file), AGAIN)
    return belongs
