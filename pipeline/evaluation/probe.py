"""How much of the classes a linear classifier reads from features."""

from __future__ import annotations

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pipeline.core.splits import Array

INVERSE_PENALTY = 0.01
"""C of the logistic regression. Fixed for all features, so that no probe is tuned on what it is scored on."""


def linear_probe(features: Array, labels: Array, split: Array) -> float:
    """Test accuracy of a multinomial logistic regression fitted on the training rows.

    features: n x d; labels: n clean classes; split: n names of splits. Features are standardised with the training
    rows' mean and standard deviation.
    """
    train, test = split == "train", split == "test"
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=INVERSE_PENALTY, max_iter=2000))
    probe.fit(features[train].astype(float), labels[train])
    return float(probe.score(features[test].astype(float), labels[test]))
