"""Symmetric noise: some labels are replaced by a label drawn uniformly over the classes.

The protocol of Hu et al., Learning Cross-Modal Retrieval with Noisy Labels (CVPR 2021): int(rate * n) samples
are selected without replacement in every view on its own and get a label drawn uniformly over the K classes,
the true one included, so that a share of (K - 1) / K of the selected labels is really wrong. Their code draws
from K + 1 values, one of which is no class; here it is K.

per_pair: one selection and one label for all views of a sample, as NIRNL and RSHNL do.
exclude_true: uniform over the K - 1 wrong classes, as RONO's label files for 3D MNIST come closest to; harder.
"""

from __future__ import annotations

from typing import ClassVar

from pipeline.core.papers import Paper
from pipeline.noise.base.uniform import Uniform


class Symmetric(Uniform):
    """Draws int(rate * n) samples and their labels, uniform over all classes or the wrong ones."""

    display: ClassVar[str] = "symmetric"
    paper: ClassVar[Paper | None] = Paper(
        title="Learning Cross-Modal Retrieval with Noisy Labels",
        authors="Hu, Peng, Zhu, Zhen, Lin",
        venue="CVPR",
        year=2021,
        url="https://openaccess.thecvf.com/content/CVPR2021/html/Hu_Learning_Cross-Modal_Retrieval_With_Noisy_Labels_CVPR_2021_paper.html",
    )

    def __init__(self, per_pair: bool = False, exclude_true: bool = False) -> None:
        super().__init__(per_pair, exclude_true)
