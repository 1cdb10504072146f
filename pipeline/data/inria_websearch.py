"""INRIA-Websearch as MRL uses it, from a file that the user puts into a folder."""

from __future__ import annotations

from pathlib import Path

from pipeline.core.datasets import RawDataset
from pipeline.core.progress import Progress
from pipeline.data.base import Dataset
from pipeline.data.base.author_files import needed, numbered, paired, read_matlab, variable
from pipeline.data.base.mrl_splits import INRIA_WEBSEARCH

SIZES, CLASSES = INRIA_WEBSEARCH
PREFIX = {"train": "tr", "valid": "val", "test": "te"}
SUFFIX = {"image": "img", "text": "txt"}
FILE = "INRIA-Websearch.mat"
REMEDY = (
    f"put {FILE} into this folder, the file that github.com/penghu-cs/MRL reads; it is not public: ask MRL's authors "
    "(their features are those of Wei et al., weiyc.github.io/assets/projects/tcyb.html)"
)


class InriaWebsearch(Dataset):
    """14,698 pictures found on the web with the words around them, of the 100 largest classes, in the split of MRL.

    folder holds the MATLAB file with {tr,val,te}_{img,txt} and their labels {tr,val,te}_{img,txt}_lab, as MRL's
    src/noisydataset.py reads it. image: AlexNet features; text: LDA topics; both float32. The pictures and words are
    public (Krapac et al., CVPR 2010; inria_websearch_raw reads them), which pairs the random split puts where is not.
    """

    display = "INRIA-Websearch"
    task = "image-text"
    source = (
        "Krapac et al., Improving Web Image Search Results Using Query-Relative Classifiers; the features of "
        "Wei et al., Cross-Modal Retrieval with CNN Visual Features, in the split of github.com/penghu-cs/MRL"
    )
    licence = "no licence stated"
    reads = (FILE,)

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, progress: Progress) -> RawDataset:
        [file] = needed(self.folder, self.reads, REMEDY)
        names = {(split, view): f"{PREFIX[split]}_{SUFFIX[view]}" for split in SIZES for view in SUFFIX}
        content = read_matlab(file, [name + ending for name in names.values() for ending in ("", "_lab")])
        blocks = [
            {
                view: (
                    variable(file, content, names[split, view]),
                    variable(file, content, f"{names[split, view]}_lab"),
                )
                for view in SUFFIX
            }
            for split in SIZES
        ]
        raw = paired(list(SIZES.values()), blocks, SIZES, numbered(CLASSES))
        progress(len(raw.ids), len(raw.ids))
        return raw
