"""INRIA-Websearch as MRL uses it, from a file that the user puts into a folder."""

from __future__ import annotations

from pathlib import Path

from pipeline.core.datasets import RawDataset
from pipeline.core.progress import Progress
from pipeline.data.base import Dataset
from pipeline.data.base.author_files import Block, archived, needed, numbered, paired, read_matlab, variable
from pipeline.data.base.mrl_splits import INRIA_WEBSEARCH

SIZES, CLASSES = INRIA_WEBSEARCH
PREFIX = {"train": "tr", "valid": "val", "test": "te"}
SUFFIX = {"image": "img", "text": "txt"}
OTHER = {"image": "img", "text": "text"}
"""As RFCMH's load_data.py spells the views where it does not meet MRL's names."""
FILE = "INRIA-Websearch.mat"
REMEDY = (
    f"put {FILE} into this folder, the file that github.com/penghu-cs/MRL reads; ask MRL's authors; "
    f"{archived('inria-websearch')} (the features are those of Wei et al., weiyc.github.io/assets/projects/tcyb.html)"
)


class InriaWebsearch(Dataset):
    """14,698 pictures found on the web with the words around them, of the 100 largest classes, in the split of MRL.

    folder holds the MATLAB file with {tr,val,te}_{img,txt} and their labels {tr,val,te}_{img,txt}_lab, as MRL's
    src/noisydataset.py reads it, or with {img,text,label}_{train,valid,test}, as RFCMH's load_data.py reads it too.
    image: AlexNet features; text: LDA topics; both float32. The pictures and words are public (Krapac et al., CVPR
    2010; inria_websearch_raw reads them), which pairs the random split puts where is not.
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
        spellings = {(split, view): _spellings(split, view) for split in SIZES for view in SUFFIX}
        content = read_matlab(file, [name for kinds in spellings.values() for names in kinds for name in names])
        blocks: list[Block] = [
            {
                view: (
                    variable(file, content, *spellings[split, view][0]),
                    variable(file, content, *spellings[split, view][1]),
                )
                for view in SUFFIX
            }
            for split in SIZES
        ]
        raw = paired(list(SIZES.values()), blocks, SIZES, numbered(CLASSES))
        progress(len(raw.ids), len(raw.ids))
        return raw


def _spellings(split: str, view: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """Names of the features and of the labels, MRL's before RFCMH's, whose views share the labels."""
    name = f"{PREFIX[split]}_{SUFFIX[view]}"
    return (name, f"{OTHER[view]}_{split}"), (f"{name}_lab", f"label_{split}")
