"""What a trained method says besides its test embeddings: label suspicions, and its posterior readout."""

from __future__ import annotations

import numpy as np
from scipy.special import log_softmax

from pipeline.core.splits import Array, Split, Views
from pipeline.methods.base import Embedder, Fitted
from pipeline.retrieval.match_probability import by_match_probability, calibrated

SUGGESTED, TEMPERATURE = "suggested", "temperature"
"""Names of what stands beside one array per view in suspicion and posterior_readout."""


def suspicion(fitted: Fitted, train: Split) -> dict[str, Array] | None:
    """View -> n suspicions (float32) of the training labels, and the n classes that all views together suggest.

    train: as the method was given it, with wrong labels. None where the method has no opinion; no suggestions where it
    has no class scores.
    """
    scores = fitted.suspicion()
    if scores is None:
        return None
    arrays = {view: s.astype(np.float32) for view, s in scores.items()}
    by_class = _class_scores(fitted.at(fitted.states[0]), train.views)
    if by_class is not None:
        arrays[SUGGESTED] = sum(log_softmax(s, axis=1) for s in by_class.values()).argmax(axis=1).astype(np.int64)
    return arrays


def posterior_readout(fitted: Fitted, test: Split) -> dict[str, Array] | None:
    """View -> test embeddings (float32) by match probability, and the temperature that clean validation labels chose.

    None for a method without class scores, or without validation samples.
    """
    embedder, valid = fitted.at(fitted.states[0]), fitted.chosen_by
    if valid is None or (scores := _class_scores(embedder, valid.views)) is None:
        return None
    temperature, _ = calibrated(scores, valid.labels)
    tested = _class_scores(embedder, test.views)
    assert tested is not None
    embeddings = {view: z.astype(np.float32) for view, z in by_match_probability(tested, temperature).items()}
    return {TEMPERATURE: np.array(temperature), **embeddings}


def _class_scores(embedder: Embedder, views: Views) -> dict[str, Array] | None:
    """Without the scores of spare prototypes."""
    scores = embedder.class_scores(views)
    return None if scores is None else {view: s[:, : embedder.classes] for view, s in scores.items()}
