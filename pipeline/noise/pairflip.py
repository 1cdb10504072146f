"""Pair-flip noise: some labels are replaced by the next class, the last one's by the first.

The transition of Han et al., Co-teaching: Robust Training of Deep Neural Networks with Extremely Noisy Labels (NeurIPS
2018): class k stays with probability 1 - rate and becomes k + 1 mod K with probability rate; they use 0.45. Here it is
not each label's own chance: int(rate * n) samples are selected without replacement in every view on its own, and
exactly these labels are wrong. From rate 0.5 on the true class is no longer the most frequent one.

per_pair: one selection and one label for all views of a sample.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from pipeline.core.papers import Paper
from pipeline.core.splits import Array
from pipeline.noise.base.class_map import ClassMap


class Pairflip(ClassMap):
    """Draws int(rate * n) samples and moves each from class k to k + 1 mod K."""

    display: ClassVar[str] = "pair-flip"
    paper: ClassVar[Paper | None] = Paper(
        title="Co-teaching: Robust Training of Deep Neural Networks with Extremely Noisy Labels",
        authors="Han, Yao, Yu, Niu, Xu, Hu, Tsang, Sugiyama",
        venue="NeurIPS",
        year=2018,
        url="https://arxiv.org/abs/1804.06872",
    )

    def targets(self, classes: int) -> Array:
        return np.roll(np.arange(classes), -1)
