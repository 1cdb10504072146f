"""How well a suspicion finds the wrong labels."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import roc_auc_score

from pipeline.core.splits import Array


def detection(suspicion: Array, wrong: Array) -> dict[str, float] | None:
    """Score n suspicions against n booleans; None if all labels are right or all are wrong.

    auc: the probability that a wrong label is more suspicious than a right one, ties counted half; precision: share
    of wrong labels among as many of the most suspicious as there are wrong ones (with ties: in expectation over
    random order).
    """
    count = int(wrong.sum())
    if not 0 < count < len(wrong):
        return None
    threshold = np.partition(suspicion, -count)[-count]
    above, level = suspicion > threshold, suspicion == threshold
    caught = wrong[above].sum() + (count - above.sum()) * wrong[level].mean()
    return {"auc": float(roc_auc_score(wrong, suspicion)), "precision": float(caught / count)}
