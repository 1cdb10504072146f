"""Pascal Sentence as DSCMR uses it, from files that the user puts into a folder."""

from __future__ import annotations

from pathlib import Path

from pipeline.contract import RawDataset
from pipeline.data.base import Dataset, Progress
from pipeline.shipped import from_matlab, needed, numbered, paired

SIZES = {"train": 800, "test": 100}
SUFFIX = {"image": "img", "text": "txt"}
LABELS = "img_lab"
CLASSES = 20
FILES = [f"{split}_{suffix}.mat" for split in SIZES for suffix in (*SUFFIX.values(), LABELS)]


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

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, progress: Progress) -> RawDataset:
        remedy = f"put {', '.join(FILES)} of data/pascal in github.com/penghu-cs/DSCMR into this folder"
        arrays = {file.stem: from_matlab(file, file.stem) for file in needed(self.folder, FILES, remedy)}
        blocks = []
        for split in SIZES:
            labels = arrays[f"{split}_{LABELS}"]
            blocks.append({view: (arrays[f"{split}_{suffix}"], labels) for view, suffix in SUFFIX.items()})
        raw = paired(list(SIZES.values()), blocks, SIZES, numbered(CLASSES))
        progress(len(raw.ids), len(raw.ids))
        return raw
