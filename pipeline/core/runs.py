"""What a training run is given, and what a method says of its labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pipeline.core.splits import Labels

if TYPE_CHECKING:
    import torch


class Need(Enum):
    """What a method cannot do without."""

    LABELS = "labels"
    PAIRS = "paired samples"
    TWO_VIEWS = "exactly two views"


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
