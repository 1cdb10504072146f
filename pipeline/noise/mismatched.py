"""Mismatched pairs: every label is right for the first view, some samples of the other views belong to another pair.

The noisy correspondence of Huang et al., Learning with Noisy Correspondence for Cross-modal Matching (NeurIPS 2021),
who shuffle the captions of a share of the images. int(rate * n) pairs are selected without replacement; in every
later view the features of the selected are passed on along one random cycle, so that each of them gets another
pair's. A wrongly paired web caption inherits its picture's label: all views carry the clean label of the first one.

rate: the share of wrong pairs. A pair can be wrong and its label right, where both samples are of one class: with K
equally frequent classes the receipt of a later view shows about rate * (K - 1) / K wrong labels, of the first none.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from pipeline.core.corruption import Corruption
from pipeline.core.errors import BadInput, BadParams
from pipeline.core.papers import Paper
from pipeline.core.splits import Labels, Views
from pipeline.noise.base import Noise, RngFor


class Mismatched(Noise):
    """Draws int(rate * n) pairs and cycles their samples at random in every view but the first."""

    display: ClassVar[str] = "mismatched pairs"
    paper: ClassVar[Paper | None] = Paper(
        title="Learning with Noisy Correspondence for Cross-modal Matching",
        authors="Huang, Niu, Liu, Ding, Xiao, Wu, Peng",
        venue="NeurIPS",
        year=2021,
        url="https://proceedings.neurips.cc/paper/2021/hash/f5e62af885293cf4d511ceef31e61c80-Abstract.html",
    )
    moves_pairs: ClassVar[bool] = True
    per_pair = True

    def corrupt(self, labels: Labels, classes: int, rate: float, features: Views | None, rng_for: RngFor) -> Corruption:
        first, *later = labels
        if not later:
            raise BadInput(f"there is no view beside '{first}' to pair", "noise 'mismatched'", "leave this noise out")
        count = len(labels[first])
        selected = rng_for("pairs").choice(count, int(rate * count), replace=False)
        if len(selected) == 1:
            raise BadParams(
                f"rate {rate:g} of {count} pairs is a single pair, with none to exchange samples with",
                "params.yaml, experiments",
                "raise the rate",
            )
        rows = {}
        for view in later:
            cycle = rng_for(view).permutation(selected)
            rows[view] = np.arange(count)
            rows[view][cycle] = np.roll(cycle, 1)
        return Corruption({view: labels[first].astype(np.int64) for view in labels}, rows)
