"""What is kept of a trained method besides its test embeddings: whom it suspects, and its posterior readout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from scipy.special import log_softmax

from pipeline.contract import Array, Embeddings, Split
from pipeline.evaluation.readout import READOUT, SUGGESTED, SUSPICION, TEMPERATURE, by_match_probability, calibrated
from pipeline.methods.base import Method
from pipeline.methods.base.deep import Deep


def keep(folder: Path, method: Method, train: Split, valid: Split | None, test: Split) -> None:
    """Write what the state of the headline criterion tells, where the method can tell it.

    train: as the method was given it, with wrong labels. suspicion.npz: n per view, and the n classes
    that the method suggests from all views together; posterior_readout.npz: test embeddings by match probability
    (pipeline.evaluation.readout) and the temperature that clean validation labels chose.
    """
    method.select(method.criteria_[0])
    if (suspicion := method.suspicion(train)) is not None:
        arrays = {view: s.astype(np.float32) for view, s in suspicion.items()}
        scores = class_scores(method, method.transform(train.views), train.classes)
        if scores is not None:
            arrays[SUGGESTED] = sum(log_softmax(s, axis=1) for s in scores.values()).argmax(axis=1).astype(np.int64)
        np.savez(folder / SUSPICION, allow_pickle=False, **arrays)
    if valid is not None and (told := class_scores(method, method.transform(valid.views), valid.classes)) is not None:
        temperature, _ = calibrated(told, valid.labels)
        scores = class_scores(method, method.transform(test.views), test.classes)
        assert scores is not None
        embeddings = {view: z.astype(np.float32) for view, z in by_match_probability(scores, temperature).items()}
        np.savez(folder / READOUT, allow_pickle=False, **{TEMPERATURE: np.array(temperature)}, **embeddings)


def class_scores(method: Method, embeddings: Embeddings, classes: int) -> dict[str, Array] | None:
    """View -> n x K class scores of embedded samples, None where the method has none."""
    if not isinstance(method, Deep):
        return None
    device = next(method.model_.parameters()).device
    with torch.inference_mode():
        scores = {view: method.model_.class_scores(torch.tensor(z, device=device)) for view, z in embeddings.items()}
    return {view: s[:, :classes].cpu().numpy() for view, s in scores.items() if s is not None} or None
