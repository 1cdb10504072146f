"""CROWDLAB: annotators and a classifier, each weighed by its agreement, its consensus learned by Witness's networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from cleanlab.multiannotator import get_label_quality_multiannotator

from pipeline.core.papers import Paper
from pipeline.core.runs import Run
from pipeline.core.splits import Array, Split
from pipeline.methods.base.soft_regression import GaussianFeatures, SoftRegression, principal
from pipeline.methods.base.targets import FOLDS, PENALTIES, fold_generator
from pipeline.methods.base.taught import Consensus, Taught, annotators

STEPS = 60
"""Descent steps of a regression."""


def held_out(train: Split, votes: Array, run: Run) -> Array:
    """n x K class probabilities, of every sample by regressions on the other folds' votes (n x K); mean over views.

    The penalty is the one whose regressions give the votes that they did not see the highest likelihood.
    """
    draws = fold_generator(run)
    fold = (torch.randperm(len(train), generator=draws) % FOLDS).to(run.device)
    rows = [torch.tensor(x, device=run.device) for x in train.views.values()]
    features = [principal(GaussianFeatures(x, draws)(x)) for x in rows]
    q = torch.tensor(votes, device=run.device)
    tried = [
        torch.stack([SoftRegression(x, fold, train.classes, penalty).fit(q, STEPS) for x in features])
        for penalty in PENALTIES
    ]
    best = max(tried, key=lambda log_probabilities: float((q * log_probabilities).sum()))
    return best.exp().mean(dim=0).cpu().numpy()


def crowdlab(labels: Array, predicted: Array) -> tuple[Array, Array]:
    """Labels n x M of M > 1 annotators, predicted n x K -> posterior n x K, quality of each label n x M.

    The likeliest class is cleanlab's consensus, the quality cleanlab's. The posterior that it chooses the consensus by
    is not among what it returns, but follows from the weights that a majority's labels give.
    """
    classes = predicted.shape[1]
    votes = labels.astype(float)
    first = get_label_quality_multiannotator(
        votes, predicted, consensus_method="majority_vote", return_weights=True, verbose=False
    )
    agreement = first["label_quality"]["annotator_agreement"].mean()
    posterior = first["model_weight"] * predicted
    for given, weight in zip(labels.T, first["annotator_weight"], strict=True):
        posterior += weight * np.where(np.eye(classes)[given], agreement, (1 - agreement) / (classes - 1))
    posterior /= first["model_weight"] + first["annotator_weight"].sum()
    final = get_label_quality_multiannotator(votes, predicted, consensus_method="best_quality", verbose=False)
    return posterior, final["detailed_label_quality"].to_numpy()


@dataclass(kw_only=True, eq=False)
class Crowdlab(Taught):
    """Every view is an annotator, and a classifier that did not see the sample is one more.

    Goh, Tkachenko and Mueller: CROWDLAB: Supervised Learning to Infer Consensus Labels and Quality Scores for Data with
    Multiple Annotators, NeurIPS Workshop on Human in the Loop Learning 2022, by the authors' package cleanlab. l_iv is
    the label of view v, p_M the classifier:

    p(y | x_i, l_i) = (w_M p_M(y | x_i) + sum_v w_v P_v(y)) / (w_M + sum_v w_v)

    P_v(y) is P for y = l_iv and (1 - P) / (K - 1) else, where P is the annotators' mean agreement with the majority,
    whose ties the classifier breaks. w_v = 1 - (share of others' labels that v contradicts) / (share of majorities that
    are not of the commonest class); w_M likewise, of the majorities that p_M contradicts, times the root of the number
    of annotators. Networks learn the consensus, the likeliest class (methods/base/taught.py): a mixture of flat
    distributions ranks classes well and is far from certain where it is right. A label is suspicious by 1 - cleanlab's
    quality: the same mixture again with the consensus in the majority's place.

    The classifier is EM's: a kernel logistic regression per view, on the same folds and landmarks, taught by the
    votes; p_M is the mean over views. Labels that are the same in several views are one annotator's. Of a single
    annotator, as with one label per pair, agreement tells nothing, and cleanlab refers to the classifier alone: the
    labels are the consensus, and p_M says how good they are. Any number of views.

    Deviations from the authors' code: the classifier learns shares of votes, where their examples train on the
    majority's label; the networks are Witness's.
    """

    display: ClassVar[str] = "CROWDLAB"
    hard: ClassVar[bool] = True
    paper: ClassVar[Paper] = Paper(
        title="CROWDLAB: Supervised Learning to Infer Consensus Labels and Quality Scores for Data with Multiple "
        "Annotators",
        authors="Goh, Tkachenko, Mueller",
        venue="NeurIPS Workshop on Human in the Loop Learning",
        year=2022,
        url="https://arxiv.org/abs/2210.06812",
    )

    def consensus(self, train: Split, run: Run) -> Consensus:
        columns, annotator = annotators(train.labels)
        votes: Array = np.eye(train.classes)[columns].mean(axis=1)
        predicted = held_out(train, votes, run)
        if columns.shape[1] == 1:
            posterior, quality = votes, np.take_along_axis(predicted, columns, axis=1)
        else:
            posterior, quality = crowdlab(columns, predicted)
        return Consensus(posterior, {view: quality[:, a] for view, a in annotator.items()}, certain=False)
