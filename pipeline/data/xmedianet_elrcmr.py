"""XMediaNet as ELRCMR uses it, from files that the user puts into a folder."""

from __future__ import annotations

from pathlib import Path

from pipeline.core.datasets import RawDataset
from pipeline.core.progress import Progress
from pipeline.data.base import Dataset
from pipeline.data.base.author_files import from_matlab, needed, numbered, paired
from pipeline.data.base.mrl_splits import XMEDIANET

SIZES, CLASSES = XMEDIANET
PARTS = {"image": "img", "text": "text"}
LABELS = "label"
NAME = "name"
FILES = [f"{split}_{part}.mat" for split in SIZES for part in (*PARTS.values(), LABELS)]
REMEDY = (
    f"put {', '.join(FILES)} into this folder, the files that ELRCMR's src/noisydataset.py reads; they are not public: "
    "ask its authors (github.com/h10666/Early-Learning-regularized-Contrastive-Learning-for-Cross-Modal-Retrieval-"
    "with-Noisy-Labels)"
)


class XMediaNetElrcmr(Dataset):
    """The 40,000 pairs of XMediaNet in the three MATLAB files per split that ELRCMR (ACM MM 2022) reads.

    Every file holds one array with the name 'name'. image and text: features, float32. How they were made and whether
    the split is MRL's is not published, so that nothing here is compared with MRL's table. The classes have numbers
    only.
    """

    display = "XMediaNet (ELRCMR)"
    task = "image-text"
    source = "Peng et al., XMediaNet (www.icst.pku.edu.cn/mipl/XMedia); features and split of ELRCMR's authors"
    licence = "no licence stated"
    reads = FILES

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, progress: Progress) -> RawDataset:
        arrays = {file.stem: from_matlab(file, NAME) for file in needed(self.folder, self.reads, REMEDY)}
        blocks = []
        for split in SIZES:
            labels = arrays[f"{split}_{LABELS}"]
            blocks.append({view: (arrays[f"{split}_{part}"], labels) for view, part in PARTS.items()})
        raw = paired(list(SIZES.values()), blocks, SIZES, numbered(CLASSES))
        progress(len(raw.ids), len(raw.ids))
        return raw
