"""Confident learning: which labels look wrong to a classifier that has not seen them.

Northcutt, Jiang and Chuang, Confident Learning: Estimating Uncertainty in Dataset Labels (Journal of Artificial
Intelligence Research 70, 2021), by the authors' package cleanlab: the baseline of what the methods suspect. The
classifier is the linear probe's, which sees one view; it predicts every sample after training on the other folds. Of
cleanlab's label quality scores it is `normalized_margin`, by which the paper prunes wrong labels (its "prune by noise
rate"): the probability of the given label less the largest of the others, moved to [0, 1]. The package's manual
advises it where another class would be right, as it is under every kind of noise here. Components and folds were chosen
with a look at how well they find true errors, which the methods were not allowed: it favours the baseline.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from cleanlab.count import num_label_issues
from cleanlab.rank import get_label_quality_scores
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

from pipeline.core.corruption import Corruption
from pipeline.core.seeds import generator
from pipeline.core.splits import Array, Labels, Views
from pipeline.evaluation.probe import INVERSE_PENALTY
from pipeline.noise.base import NoiseReceipt
from pipeline.retrieval.detection import detection

FOLDS = 5
DIMENSIONS = 100
"""At most so many principal components enter the classifier."""
METHOD, VARIANT = "confident_learning", "default"
"""What stands for it in its record."""


def components(features: Array) -> Array:
    """n x d -> n x at most 100: principal components of the standardised features, found without labels."""
    standardised = StandardScaler(copy=False).fit_transform(features.astype(np.float64))
    projected: Array = PCA(min(DIMENSIONS, *features.shape), random_state=0).fit_transform(standardised)
    return projected


def suspicion(features: Array, labels: Array, rng: np.random.Generator) -> tuple[Array, float] | None:
    """n x d and n noisy classes -> n suspicions in [0, 1], and the estimated share of wrong labels.

    A suspicion is 1 - cleanlab's label quality; the share comes from the off-diagonal of the confident joint; rng
    divides the folds.
    None where fewer than two classes have two samples, so that nothing can be learned and tried.
    """
    present, given, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if (counts > 1).sum() < 2:
        return None
    folds = StratifiedKFold(min(FOLDS, counts.max()), shuffle=True, random_state=int(rng.integers(2**32)))
    probabilities = np.zeros((len(labels), len(present)))
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # a class may be smaller than the folds
        divided = list(folds.split(features, given))
    for learned, held_out in divided:
        classifier = LogisticRegression(C=INVERSE_PENALTY, max_iter=2000).fit(features[learned], given[learned])
        probabilities[np.ix_(held_out, classifier.classes_)] = classifier.predict_proba(features[held_out])
    quality = get_label_quality_scores(given, probabilities, method="normalized_margin")
    estimate = num_label_issues(given, probabilities, estimation_method="off_diagonal_calibrated") / len(given)
    return 1 - np.asarray(quality), float(estimate)


def detected(views: Views, clean: Labels, noise: Corruption, receipt: NoiseReceipt) -> list[dict[str, Any]]:
    """Score the suspicion on one draw of noise: a row of the record per view with wrong and right labels.

    views: components of the training split, in its own order; clean: its true labels.
    """
    cell = {"method": METHOD, "variant": VARIANT, "noise": receipt.kind, "rate": receipt.rate, "seed": receipt.seed}
    rows = []
    for view, wrong in noise.wrong(clean).items():
        rng = generator(receipt.seed, "confident learning", view)
        standing = views[view][noise.rows.get(view, slice(None))]
        if (suspected := suspicion(standing, noise.labels[view], rng)) is None:
            continue
        suspicions, estimate = suspected
        if (scores := detection(suspicions, wrong)) is not None:
            rows.append(cell | {"view": view} | scores | {"wrong": wrong.mean(), "estimate": estimate})
    return rows
