"""How well a suspicion tells wrong labels from right ones."""

from __future__ import annotations

import numpy as np

from pipeline.core.splits import Array


def detection(suspicion: Array, wrong: Array) -> dict[str, float] | None:
    """Scores of n suspicions against n booleans; None where all labels are right or all are wrong.

    auc: the probability that a wrong label is more suspicious than a right one, ties counted half; precision: share
    of wrong labels among as many of the most suspicious as there are wrong ones (with ties: in expectation over
    random order).
    """
    count = int(wrong.sum())
    if not 0 < count < len(wrong):
        return None
    threshold = np.partition(suspicion, -count)[-count]
    above, at = suspicion > threshold, suspicion == threshold
    found = wrong[above].sum() + (count - above.sum()) * wrong[at].mean()
    _, place, size = np.unique(suspicion, return_inverse=True, return_counts=True)
    rank = (np.cumsum(size) - (size - 1) / 2)[place]
    auc = (rank[wrong].mean() - (count + 1) / 2) / (len(wrong) - count)
    return {"auc": float(auc), "precision": float(found / count)}
