"""Where the labels that a method learns from come from: the first axis of what is compared, before network and readout.

own: every view's own label. mean: all views' labels, each with the same weight. em: what EM over the views' labels and
features believes (label_em.py). truth: the true labels, a ceiling. clean: for an oracle who knows which labels are
right, the pairs that have a right label, with that label. validation: the clean validation pairs and no noisy label at
all; a fifth of them chooses among states.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

import numpy as np
import torch

from pipeline.core.corruption import Corruption
from pipeline.core.errors import BadInput
from pipeline.core.runs import Run
from pipeline.core.seeds import generator, torch_seed
from pipeline.core.splits import Array, Labels, Split
from pipeline.methods.base.label_em import LabelPosterior, recover

Source = Literal["own", "mean", "em", "truth", "clean", "validation"]
SOURCES: tuple[Source, ...] = get_args(Source)
OWN, MEAN, EM, TRUTH, CLEAN, VALIDATION = SOURCES
ORACLES = (TRUTH, CLEAN)
"""Those that need the true training labels."""

ROUNDS, FOLDS, PENALTIES = 10, 5, (3e-5, 1e-4, 3e-4, 1e-3)
TIE = 1e-9
"""What a view's own label is ahead of others that are as likely."""
CHOOSING = 5
"""Every so many-th validation pair chooses where the others are what is learned from."""


@dataclass(frozen=True)
class Lesson:
    """What a method learns from.

    train: the pairs, with the likeliest class of each view as labels, of equal ones its own, and positions 0..n-1;
    targets: view -> n x K probabilities; valid: the clean pairs that choose among states, never among those of train;
    valid_noise: what the noise makes of them; posteriors: view -> what EM believes of all training pairs, empty where
    it was not asked.
    """

    train: Split
    targets: Mapping[str, Array]
    valid: Split | None
    valid_noise: Corruption | None = None
    posteriors: Mapping[str, LabelPosterior] = field(default_factory=dict)

    def __post_init__(self) -> None:
        own = one_hot(self.train.labels, self.train.classes)
        labels = {view: (q + TIE * own[view]).argmax(axis=1) for view, q in self.targets.items()}
        object.__setattr__(self, "train", replace(self.train, labels=labels, index=np.arange(len(self.train))))


def lesson(source: Source, train: Split, valid: Split | None, run: Run) -> Lesson:
    """What is learned from a training split with noisy labels. Raises BadInput without clean pairs to learn from."""
    if source == VALIDATION:
        if valid is None:
            raise BadInput("there are no validation samples to learn from", "targets: validation", "choose another one")
        chosen = generator(run.seed, "clean pairs").permutation(len(valid)) % CHOOSING == 0
        rest = take(valid, ~chosen)
        return Lesson(rest, one_hot(rest.labels, rest.classes), take(valid, chosen))
    posteriors: dict[str, LabelPosterior] = {}
    targets: Mapping[str, Array]
    if source == EM:
        posteriors = dict.fromkeys(train.views, believed(train, run))
        targets = {view: p.posterior for view, p in posteriors.items()}
    elif source == MEAN:
        mean: Array = np.mean(list(one_hot(train.labels, train.classes).values()), axis=0)
        targets = dict.fromkeys(train.views, mean)
    else:
        if source in ORACLES:
            assert run.true is not None, "run_cell gives oracles the true labels"
            right = np.any([train.labels[view] == run.true[view] for view in train.views], axis=0)
            train = replace(train, labels=run.true)
            train = take(train, right) if source == CLEAN else train
        targets = one_hot(train.labels, train.classes)
    return Lesson(train, targets, valid, run.valid_noise, posteriors)


def believed(train: Split, run: Run) -> LabelPosterior:
    """What EM makes of all views' labels with its usual settings."""
    return recover(
        train.views,
        train.labels,
        train.classes,
        rounds=ROUNDS,
        folds=FOLDS,
        penalties=PENALTIES,
        generator=fold_generator(run),
        device=run.device,
    )


def fold_generator(run: Run) -> torch.Generator:
    """Draws EM's folds and landmarks: the same for every method that asks EM in a run of this seed."""
    return torch.Generator().manual_seed(torch_seed(run.seed, "folds"))


def take(split: Split, kept: Array) -> Split:
    """The samples of a split where kept (n booleans) is true."""
    return replace(
        split,
        views={view: x[kept] for view, x in split.views.items()},
        labels={view: y[kept] for view, y in split.labels.items()},
        index=split.index[kept],
    )


def one_hot(labels: Labels, classes: int) -> dict[str, Array]:
    """View -> n x K, all probability on the label."""
    return {view: np.eye(classes)[y] for view, y in labels.items()}
