"""Paired samples with labels per view: what methods are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.core.errors import BadInput

Array = NDArray[Any]
Views = Mapping[str, Array]
"""View name -> one row per sample (n x d float32, or n x h x w for raw images)."""
Labels = Mapping[str, Array]
"""View name -> one class index per sample (n, int64)."""
Embeddings = dict[str, Array]
"""View name -> one row per sample in the common space (n x m)."""

SPLITS = ("train", "valid", "test")


@dataclass(frozen=True)
class Split:
    """Paired samples of one split.

    views: view name -> n x d float32; labels: view name -> n int64 in [0, classes); index: n, the
    sample's position in its split as first drawn. Some papers corrupt each view on its own, so
    labels are kept per view.
    """

    views: Views
    labels: Labels
    index: Array
    classes: int

    def __post_init__(self) -> None:
        if not self.views or not len(self.index):
            raise BadInput("a split has no samples", "split", "check the split sizes in params.yaml")
        for name, rows in {**self.views, **self.labels}.items():
            if len(rows) != len(self.index):
                raise BadInput(
                    f"view '{name}' has {len(rows)} rows, the split has {len(self.index)}",
                    "split",
                    "give every view the same samples in the same order",
                )
        for name, rows in self.views.items():
            bad = ~np.isfinite(rows)
            if bad.any():
                row = int(np.argwhere(bad)[0][0])
                raise BadInput(
                    f"{int(bad.sum())} features are NaN or infinite, the first in sample {row}",
                    f"view '{name}'",
                    "extract the features again or drop the sample",
                )
        for name, labels in self.labels.items():
            outside = (labels < 0) | (labels >= self.classes)
            if outside.any():
                row = int(np.flatnonzero(outside)[0])
                raise BadInput(
                    f"label {int(labels[row])} of sample {row} is outside 0..{self.classes - 1}",
                    f"view '{name}'",
                    "number the classes from 0 or correct the number of classes",
                )

    def __len__(self) -> int:
        return len(self.index)
