"""The nouns that every part of the project shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import BadInput

if TYPE_CHECKING:
    import torch

Array = NDArray[Any]
Views = Mapping[str, Array]
"""View name -> one row per sample (n x d float32, or n x h x w for raw images)."""
Labels = Mapping[str, Array]
"""View name -> one class index per sample (n, int64)."""
Embeddings = dict[str, Array]
"""View name -> one row per sample in the common space (n x m)."""

SPLITS = ("train", "valid", "test")
BEST_VALIDATION = "best_validation"
FIXED_CHECKPOINT = "fixed_checkpoint"
LAST_EPOCH = "last_epoch"
CRITERIA = (BEST_VALIDATION, FIXED_CHECKPOINT, LAST_EPOCH)
"""How the evaluated state is chosen: by clean validation labels (most papers; an oracle), at an epoch that was
fixed beforehand (RONO's code), or where training ends."""


class Need(Enum):
    """What a method cannot do without."""

    LABELS = "labels"
    PAIRS = "paired samples"
    TWO_VIEWS = "exactly two views"


@dataclass(frozen=True)
class Paper:
    """Where a method comes from, and the names of the rows that it answers to in the published tables."""

    title: str
    authors: str
    venue: str
    year: int
    url: str
    rows: tuple[str, ...] = ()


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


@dataclass(frozen=True)
class RawView:
    """Samples of one view before feature extraction.

    kind 'image': uint8 array n x h x w (x 3); 'text': n strings; 'cloud': float32 array n x points x 3;
    'features': float32 array n x d, for data that authors ship as features without the raw samples.
    """

    kind: str
    samples: Array | Sequence[str]


@dataclass(frozen=True)
class RawDataset:
    """What a dataset file delivers: paired raw samples with clean labels, split by concept.

    split: n names out of train, valid, test; concept: n names, samples of one concept stay in one split.
    """

    ids: Sequence[str]
    views: Mapping[str, RawView]
    labels: Array
    split: Array
    concept: Sequence[str]
    class_names: Sequence[str]


@dataclass(frozen=True)
class CellKey:
    """One trained model of the grid. Label-free methods have no noise, rate None; deterministic ones seed None."""

    dataset: str
    method: str
    variant: str
    noise: str | None
    rate: float | None
    seed: int | None

    @property
    def name(self) -> str:
        noise = "any" if self.noise is None else f"{self.noise}-{self.rate}"
        return f"{self.variant}-{noise}-{'any' if self.seed is None else self.seed}"


@dataclass(frozen=True)
class LabelNoise:
    """What a method estimates of the labels that it was fitted on: view -> share of wrong ones; certain: whether the
    method found a reason to rely on that."""

    wrong: Mapping[str, float]
    certain: bool


@dataclass(frozen=True)
class Run:
    """What one training run is given besides data: seed, device and who looks on.

    diagnose: called after every epoch with the predicted class of each training sample per view;
    what it returns joins the history. It may know the clean labels, the method does not.
    """

    seed: int
    device: torch.device
    diagnose: Callable[[Labels], dict[str, float]] | None = None
