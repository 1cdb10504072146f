"""NUS-WIDE with one label per pair as MRL uses it, from a file that the user puts into a folder."""

from __future__ import annotations

from pathlib import Path

from pipeline.core.datasets import RawDataset
from pipeline.core.progress import Progress
from pipeline.data.base import Dataset
from pipeline.data.base.author_files import needed, numbered, pairs_of_mrl

SIZES = {"train": 42941, "valid": 5000, "test": 23661}
CLASSES = 10
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
