"""Asymmetric noise: some labels are replaced by the one class that theirs is mistaken for.

The protocol of Patrini et al., Making Deep Neural Networks Robust to Label Noise (CVPR 2017), whose classes are
mapped to similar ones (on MNIST 2 to 7, 3 to 8, 7 to 1, 5 and 6 to each other). int(rate * n) samples are selected
without replacement in every view on its own, over all classes; a selected label becomes what the map says, or stays
where the map does not name its class. With a map of all classes exactly the selected labels are wrong; from rate 0.5
on the true class is no longer the most frequent one among the samples of a class.

per_pair: one selection and one label for all views of a sample.
map: true class -> noisy class, by index (a given map fits one dataset), or 'drawn': one random cycle through all
classes, so that every class is mapped to another one and every class is mapped to once.
map_seed: draws the map. The map depends on it and the number of classes alone, so that all rates and seeds of a
dataset share one map and differ in the selection only.
"""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Literal

import numpy as np

from pipeline.core.corruption import Corruption
from pipeline.core.errors import BadParams
from pipeline.core.seeds import generator
from pipeline.core.splits import Array, Labels, Views
from pipeline.noise.base import Noise, RngFor, redrawn

WHERE = "params.yaml, noises.asymmetric, map"


class Asymmetric(Noise):
    display: ClassVar[str] = "asymmetric"

    def __init__(
        self, per_pair: bool = False, map: dict[int, int] | Literal["drawn"] = "drawn", map_seed: int = 0
    ) -> None:
        if not map:
            raise BadParams("the map names no class", WHERE, "give class indices such as {2: 7}, or 'drawn'")
        if map != "drawn" and (same := [k for k, becomes in map.items() if k == becomes]):
            raise BadParams(f"class {same[0]} is mapped to itself", WHERE, "leave out classes that keep their label")
        self.per_pair = per_pair
        self.map = map
        self.map_seed = map_seed

    def corrupt(self, labels: Labels, classes: int, rate: float, features: Views | None, rng_for: RngFor) -> Corruption:
        if classes < 2:
            raise BadParams("there is no wrong class", "params.yaml, grid.noises", "leave this noise out")
        return redrawn(labels, self.per_pair, rng_for, partial(_replace, self.targets(classes), rate))

    def targets(self, classes: int) -> Array:
        """K class indices: what the label of each class becomes."""
        becomes = np.arange(classes)
        if self.map == "drawn":
            cycle = generator(self.map_seed, "noise", "asymmetric", "map", str(classes)).permutation(classes)
            becomes[cycle] = np.roll(cycle, 1)
            return becomes
        for k in (*self.map, *self.map.values()):
            if not 0 <= k < classes:
                raise BadParams(f"there is no class {k} among 0..{classes - 1}", WHERE, "correct the index")
        becomes[list(self.map)] = list(self.map.values())
        return becomes


def _replace(becomes: Array, rate: float, clean: Array, rng: np.random.Generator) -> Array:
    """n clean labels -> n labels, int(rate * n) of them replaced."""
    selected = rng.choice(len(clean), int(rate * len(clean)), replace=False)
    noisy = clean.astype(np.int64)
    noisy[selected] = becomes[noisy[selected]]
    return noisy
