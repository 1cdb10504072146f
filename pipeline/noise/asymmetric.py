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

from typing import ClassVar, Literal

import numpy as np

from pipeline.core.errors import BadParams
from pipeline.core.papers import Paper
from pipeline.core.seeds import generator
from pipeline.core.splits import Array
from pipeline.noise.base.class_map import ClassMap

WHERE = "params.yaml, noises.asymmetric, map"


class Asymmetric(ClassMap):
    """Draws int(rate * n) samples and relabels them by a class map, given or a random cycle."""

    display: ClassVar[str] = "asymmetric"
    paper: ClassVar[Paper | None] = Paper(
        title="Making Deep Neural Networks Robust to Label Noise: A Loss Correction Approach",
        authors="Patrini, Rozza, Menon, Nock, Qu",
        venue="CVPR",
        year=2017,
        url="https://openaccess.thecvf.com/content_cvpr_2017/html/Patrini_Making_Deep_Neural_CVPR_2017_paper.html",
    )

    def __init__(
        self, per_pair: bool = False, map: dict[int, int] | Literal["drawn"] = "drawn", map_seed: int = 0
    ) -> None:
        if not map:
            raise BadParams("the map names no class", WHERE, "give class indices such as {2: 7}, or 'drawn'")
        if map != "drawn" and (same := [k for k, becomes in map.items() if k == becomes]):
            raise BadParams(f"class {same[0]} is mapped to itself", WHERE, "leave out classes that keep their label")
        super().__init__(per_pair)
        self.map = map
        self.map_seed = map_seed

    def targets(self, classes: int) -> Array:
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
