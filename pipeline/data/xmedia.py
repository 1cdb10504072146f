"""XMedia as RSHNL, NIRNL and RFCMH use it, from a file that the user puts into a folder."""

from __future__ import annotations

from pathlib import Path

from pipeline.core.datasets import RawDataset
from pipeline.core.progress import Progress
from pipeline.data.base import Dataset
from pipeline.data.base.author_files import archived, needed, numbered, paired, read_matlab, variable

SIZES = {"train": 4000, "valid": 500, "test": 500}
CLASSES = 20
FILE = "XMediaFeatures.mat"
FEATURES = {"image": "I_{}_CNN", "text": "T_{}_BOW"}
LABELS = "{}ImgCat"
ROWS = {"tr": 4000, "te": 1000}
"""The file knows no validation split."""
REMEDY = (
    f"put {FILE} into this folder, datasets/{FILE} of github.com/perquisite/RSHNL; {archived('xmedia')} "
    "(the dataset itself: www.icst.pku.edu.cn/mipl/XMedia)"
)


class XMedia(Dataset):
    """5000 pictures and texts of 20 classes (Zhai et al., IEEE TCSVT 2014), in the split of RSHNL, NIRNL and RFCMH.

    folder holds the authors' MATLAB file with I_{tr,te}_CNN, T_{tr,te}_BOW and {tr,te}ImgCat, the class of both views.
    image: CNN features; text: bag of words; both float32. The first 500 of the 1000 test pairs validate, as in the
    load_data.py of all three. The classes have numbers only.
    """

    display = "XMedia"
    task = "image-text"
    source = (
        "Zhai et al., Learning Cross-Media Joint Representation With Sparse and Semisupervised Regularization "
        "(www.icst.pku.edu.cn/mipl/XMedia); features of github.com/perquisite/RSHNL"
    )
    licence = "no licence stated"
    reads = (FILE,)

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, progress: Progress) -> RawDataset:
        [file] = needed(self.folder, self.reads, REMEDY)
        patterns = [*FEATURES.values(), LABELS]
        content = read_matlab(file, [pattern.format(part) for pattern in patterns for part in ROWS])
        blocks = []
        for part in ROWS:
            labels = variable(file, content, LABELS.format(part))
            views = {view: variable(file, content, pattern.format(part)) for view, pattern in FEATURES.items()}
            blocks.append({view: (features, labels) for view, features in views.items()})
        raw = paired(list(ROWS.values()), blocks, SIZES, numbered(CLASSES))
        progress(len(raw.ids), len(raw.ids))
        return raw
