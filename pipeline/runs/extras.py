"""What is kept of a trained method besides its test embeddings: whom it suspects, and its posterior readout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.special import log_softmax

from pipeline.core.splits import Array, Split, Views
from pipeline.methods.base import Method
from pipeline.retrieval.match_probability import (
    READOUT,
    SUGGESTED,
    SUSPICION,
    TEMPERATURE,
    by_match_probability,
    calibrated,
)


def keep(folder: Path, method: Method, train: Split, valid: Split | None, test: Split) -> None:
    """Write what the state of the headline criterion tells, where the method can tell it.

    train: as the method was given it, with wrong labels. suspicion.npz: n per view, and the n classes
    that the method suggests from all views together; posterior_readout.npz: test embeddings by match probability
    (pipeline.retrieval.match_probability) and the temperature that clean validation labels chose.
    """
    method.select(method.criteria_[0])
    if (suspicion := method.suspicion(train)) is not None:
        arrays = {view: s.astype(np.float32) for view, s in suspicion.items()}
        if (scores := _class_scores(method, train.views, train.classes)) is not None:
            arrays[SUGGESTED] = sum(log_softmax(s, axis=1) for s in scores.values()).argmax(axis=1).astype(np.int64)
        np.savez(folder / SUSPICION, allow_pickle=False, **arrays)
    if valid is not None and (told := _class_scores(method, valid.views, valid.classes)) is not None:
        temperature, _ = calibrated(told, valid.labels)
        scores = _class_scores(method, test.views, test.classes)
        assert scores is not None
        embeddings = {view: z.astype(np.float32) for view, z in by_match_probability(scores, temperature).items()}
        np.savez(folder / READOUT, allow_pickle=False, **{TEMPERATURE: np.array(temperature)}, **embeddings)


def _class_scores(method: Method, views: Views, classes: int) -> dict[str, Array] | None:
    scores = method.class_scores(views)
    return scores and {view: s[:, :classes] for view, s in scores.items()}
