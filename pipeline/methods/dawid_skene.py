"""Dawid-Skene: EM over the views' labels alone, its consensus learned by Witness's networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.core.papers import Paper
from pipeline.core.runs import Run
from pipeline.core.splits import Array, Split
from pipeline.methods.base.taught import Consensus, Taught, annotators

ROUNDS, TOLERANCE = 1000, 1e-6
"""EM ends when no probability moves by more than the tolerance, or after so many rounds."""
IDENTIFIED = 3
"""Annotators with confusion matrices of their own that agreement between labels can tell apart."""


def dawid_skene(labels: Array, classes: int, rounds: int = ROUNDS) -> Array:
    """n x M labels of M annotators -> n x K probabilities of the true class."""
    votes = np.eye(classes)[labels.T]
    q: Array = votes.mean(axis=0)
    for _ in range(rounds):
        joint = np.tile(q.mean(axis=0), (len(q), 1))
        for given, vote in zip(labels.T, votes, strict=True):
            counts = q.T @ vote
            errors = counts / counts.sum(axis=1, keepdims=True).clip(np.finfo(float).tiny)  # a class may be nobody's
            joint *= errors.T[given]
        before, q = q, joint / joint.sum(axis=1, keepdims=True)
        if np.abs(q - before).max() < TOLERANCE:
            break
    return q


@dataclass(kw_only=True, eq=False)
class DawidSkene(Taught):
    """Every view is an annotator with a confusion matrix; no feature has a say in what is believed.

    Dawid and Skene: Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm, Applied Statistics
    1979. From T_iy = share of the annotators that say y of sample i, in turn: p_y = mean_i T_iy; pi_yl^(v) = share of
    l among annotator v's labels of class y, sum_i T_iy [l_iv = l] / sum_i T_iy; T_iy proportional to
    p_y prod_v pi_{y, l_iv}^(v) (their equations 2.3 to 2.5), until T stays. Networks learn T (methods/base/taught.py).

    Labels that are the same in several views are one annotator's: with one label per pair T is that label, and none is
    suspicious. Two annotators do not determine two confusion matrices, so that the answer then depends on the start,
    and the estimated share of wrong labels is certain from three on. Any number of views.

    Deviations from the authors' code: none is public; the networks are Witness's.
    """

    display: ClassVar[str] = "Dawid-Skene"
    paper: ClassVar[Paper] = Paper(
        title="Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm",
        authors="Dawid, Skene",
        venue="Applied Statistics",
        year=1979,
        url="https://doi.org/10.2307/2346806",
    )

    def consensus(self, train: Split, run: Run) -> Consensus:
        columns, _ = annotators(train.labels)
        q = dawid_skene(columns, train.classes)
        rows = np.arange(len(train))
        quality = {view: q[rows, y] for view, y in train.labels.items()}
        return Consensus(q, quality, certain=columns.shape[1] >= IDENTIFIED)
