"""Recorded noise: noisy labels from the files that a paper's authors ship, one file per rate.

RONO (Feng et al., CVPR 2023) ships train_label_{20,40,60,80}.npy for 3D MNIST: one label for both views of a
sample, uniform over the wrong classes; of 5,000 labels .2062, .3764, .5670 and .7832 are wrong.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np

from pipeline.core.corruption import Corruption
from pipeline.core.errors import BadInput, BadParams, MissingFiles
from pipeline.core.papers import Paper
from pipeline.core.splits import Labels, Views
from pipeline.data.base import read_labels
from pipeline.noise.base import Noise, RngFor

PERCENT = "{percent}"


class Recorded(Noise):
    """One draw per rate, the same for every seed: the spread over seeds is that of the initialisation only.

    folder: where the files stand; pattern: their names, {percent} stands for the rate in percent; truth: file of
    the true labels. Where it is there, the split must agree with it, else its samples stand in another order.
    Labels are n integers, or whole floats as RONO's are. The receipt's realised rate counts, the nominal one is
    the authors' name for it.
    """

    display: ClassVar[str] = "recorded"
    of_training: ClassVar[bool] = True
    paper: ClassVar[Paper | None] = Paper(
        title="RONO: Robust Discriminative Learning with Noisy Labels for 2D-3D Cross-Modal Retrieval",
        authors="Feng, Zhu, Peng, Peng, Hu",
        venue="CVPR",
        year=2023,
        url="https://openaccess.thecvf.com/content/CVPR2023/html/Feng_RONO_Robust_Discriminative_Learning_With_Noisy_Labels_for_2D-3D_Cross-Modal_CVPR_2023_paper.html",
    )
    per_pair = True

    def __init__(self, folder: Path, pattern: str, truth: str = "train_ori_label.npy") -> None:
        if PERCENT not in pattern:
            raise BadParams(
                f"the pattern '{pattern}' has no {PERCENT}", "params.yaml, noises.recorded.pattern", "add it"
            )
        self.folder = folder
        self.pattern = pattern
        self.truth = truth

    def corrupt(self, labels: Labels, classes: int, rate: float, features: Views | None, rng_for: RngFor) -> Corruption:
        file = self.folder / self.pattern.replace(PERCENT, f"{100 * rate:g}")
        if not file.is_file():
            raise MissingFiles(
                f"there is no label file for rate {rate:g}", str(file), "put the authors' file there or drop the rate"
            )
        count = len(next(iter(labels.values())))
        noisy = read_labels(file, count, classes)
        truth = self.folder / self.truth
        if truth.is_file():
            true = read_labels(truth, count, classes)
            for view, clean in labels.items():
                if (clean != true).any():
                    raise BadInput(
                        f"{np.sum(clean != true)} of {count} true labels of view '{view}' differ from this file's",
                        str(truth),
                        "take the samples in the authors' order, or label files that belong to them",
                    )
        return Corruption({view: noisy.copy() for view in labels})
