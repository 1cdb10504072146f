"""Pascal Sentence as DSCMR uses it, from files that the user puts into a folder."""

from __future__ import annotations

from pathlib import Path

from pipeline.core.datasets import RawDataset
from pipeline.core.progress import Progress
from pipeline.data.base import Dataset, Served
from pipeline.data.base.author_files import from_matlab, needed, numbered, paired

SIZES = {"train": 800, "test": 100}
SUFFIX = {"image": "img", "text": "txt"}
LABELS = "img_lab"
CLASSES = 20
FILES = [f"{split}_{suffix}.mat" for split in SIZES for suffix in (*SUFFIX.values(), LABELS)]
DSCMR = "https://raw.githubusercontent.com/penghu-cs/DSCMR/0e110b92c7a8157999927ad64de21a72d1523563/data/pascal"
KNOWN = {
    "test_img.mat": (1638592, "65a6008374feacfad62347ff07b90b1ce628332db44e8c928b82b7236fe0e82b"),
    "test_img_lab.mat": (1000, "2116271d3193bc3cb8675d73112e1fcb0fc1b1f2ea5cccb7b7eaf2b02eb06455"),
    "test_txt.mat": (120192, "7d20757d936986c016da1593ec52124c5c7aa07b429ff73ddf8592758af3a9ba"),
    "train_img_lab.mat": (6600, "27fe81efae97ccb33358a72792432c8919e0c25e07504cba82dc11d87dbe14a8"),
    "train_txt.mat": (960200, "208df4f70a880818f8b978a8edf21dd741c5ab6f19f5b7280782ee8d515398fc"),
}
"""Bytes and SHA-256; of train_img.mat neither is known."""


class PascalSentence(Dataset):
    """900 of the 1000 pictures of Rashtchian et al. (NAACL 2010 workshop), each with five sentences, in 20 classes.

    folder holds the six MATLAB files that DSCMR (CVPR 2019) ships, one array each, named as its file; no validation
    split. image: 4096 features, fc7 of VGG-19; text: 300 features of a sentence CNN; both float32. The classes have
    numbers only.
    """

    display = "Pascal Sentence"
    task = "image-text"
    source = "Rashtchian et al., Collecting Image Annotations; features from data/pascal of github.com/penghu-cs/DSCMR"
    licence = "no licence stated"
    served = tuple(Served(name, f"{DSCMR}/{name}", *KNOWN.get(name, ())) for name in FILES)
    reads = FILES

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, progress: Progress) -> RawDataset:
        remedy = f"put {', '.join(FILES)} of data/pascal in github.com/penghu-cs/DSCMR into this folder"
        arrays = {file.stem: from_matlab(file, file.stem) for file in needed(self.folder, self.reads, remedy)}
        blocks = []
        for split in SIZES:
            labels = arrays[f"{split}_{LABELS}"]
            blocks.append({view: (arrays[f"{split}_{suffix}"], labels) for view, suffix in SUFFIX.items()})
        raw = paired(list(SIZES.values()), blocks, SIZES, numbered(CLASSES))
        progress(len(raw.ids), len(raw.ids))
        return raw
