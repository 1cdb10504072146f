"""One cell: fit a method on noisy labels and embed the test split in every state that was kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.core.cells import DONE, FAILED
from pipeline.core.corruption import Corruption
from pipeline.core.errors import Diverged
from pipeline.core.runs import Row, Run
from pipeline.core.splits import Embeddings, Labels, Split
from pipeline.methods.base import Fitted, Method

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Outcome:
    """How a cell ended. embeddings: selection criterion -> test embeddings; fitted: None unless the cell is done."""

    status: str
    reason: str = ""
    history: Sequence[Row] = ()
    embeddings: Mapping[str, Embeddings] = field(default_factory=dict)
    fitted: Fitted | None = None


def run_cell(
    method: Method,
    train: Split,
    valid: Split | None,
    test: Split,
    noise: Corruption | None,
    seed: int,
    device: torch.device,
    watched: bool = False,
) -> Outcome:
    """Fit a method and embed the test split; a cell whose loss or embeddings are not finite has failed.

    noise: None for a label-free method, which is given zeros for labels; watched: whether the history tells how much
    of the noisy labels was memorised. Clean training labels are used for that alone, and given to oracles.
    """
    diagnose = valid_noise = true = None
    if noise is None:
        given = replace(train, labels={view: np.zeros_like(y) for view, y in train.labels.items()})
    else:
        given, valid_noise = noise.applied(train), noise.valid
        if watched:
            diagnose = _memorisation(noise.labels, noise.true(train.labels))
        if method.needs_truth:
            true = noise.true(train.labels)
    try:
        fitted = method.fit(given, valid, Run(seed, device, diagnose, valid_noise, true))
    except Diverged as error:
        return Outcome(FAILED, str(error))
    embeddings = {criterion: fitted.at(criterion).transform(test.views) for criterion in fitted.states}
    if not all(np.isfinite(z).all() for views in embeddings.values() for z in views.values()):
        return Outcome(FAILED, "the test embeddings are not finite.")
    return Outcome(DONE, "", fitted.history, embeddings, fitted)


def _memorisation(given: Labels, clean: Labels) -> Callable[[Labels], Row]:
    """Accuracy on given labels that are right, on given labels that are wrong, and on the true labels of the latter."""
    labels, true = (np.concatenate([columns[view] for view in given]) for columns in (given, clean))
    wrong = labels != true

    def diagnose(predicted: Labels) -> Row:
        guess = np.concatenate([predicted[view] for view in given])
        row = {}
        if not wrong.all():
            row["accuracy/clean"] = float(np.mean((guess == labels)[~wrong]))
        if wrong.any():
            row["accuracy/corrupted"] = float(np.mean((guess == labels)[wrong]))
            row["accuracy/recovered"] = float(np.mean((guess == true)[wrong]))
        return row

    return diagnose
