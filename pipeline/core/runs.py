"""What a training run is given, and what a method says of the labels that it was fitted on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pipeline.core.splits import Labels

if TYPE_CHECKING:
    import torch

    from pipeline.core.corruption import Corruption

Row = dict[str, float]
"""History of one epoch: column -> value."""


class Need(Enum):
    """What a method cannot do without."""

    LABELS = "labels"
    PAIRS = "paired samples"
    TWO_VIEWS = "exactly two views"


@dataclass(frozen=True)
class LabelNoise:
    """A method's estimate of the noise in its training labels.

    wrong: view -> share of wrong labels; certain: whether the method has a reason to rely on that estimate.
    """

    wrong: Mapping[str, float]
    certain: bool


@dataclass(frozen=True)
class Run:
    """One training run: its seed, its device and an observer.

    diagnose: called after every epoch with the predicted class of each training sample per view; the row that it
    returns joins the history. It may know the clean labels, the method does not. valid_noise: what the noise of the
    training split makes of the validation split, which chooses a state of its own. true: the true training labels
    per view, for oracles alone.
    """

    seed: int
    device: torch.device
    diagnose: Callable[[Labels], Row] | None = None
    valid_noise: Corruption | None = None
    true: Labels | None = None
