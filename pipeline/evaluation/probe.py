"""How much of the classes a linear classifier reads from features."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pipeline.config.project import Project
from pipeline.core.datasets import RawDataset
from pipeline.core.splits import Array, Split
from pipeline.features.base.extraction import build_extractor, extract_view
from pipeline.features.base.parts import Parts

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


def probe(
    project: Project,
    dataset: str,
    raw: RawDataset,
    splits: Mapping[str, Split],
    parts: Parts,
    note: Callable[[str], None],
) -> list[dict[str, Any]]:
    """A row per view and extractor: the one whose features the methods get, then those under `probes`.

    splits: the features in use, whose samples stand split by split; parts, note: as extract_view takes them.
    """
    order = np.concatenate([np.flatnonzero(raw.split == name) for name in splits])
    labels, split = raw.labels[order], raw.split[order]
    rows = []
    for view, used in project.extractors_of(dataset).items():
        extractor = build_extractor(used.name, used.settings)
        features = np.concatenate([part.views[view] for part in splits.values()])
        rows.append(_row(view, extractor.display, features, labels, split, used=True))
        for name, changes in project.dataset(dataset).probes.get(view, {}).items():
            extractor = build_extractor(name, project.extractor_settings(name, changes))
            features = extract_view(dataset, view, extractor, raw, parts, note)[order]
            rows.append(_row(view, extractor.display, features, labels, split, used=False))
    return rows


def _row(view: str, extractor: str, features: Array, labels: Array, split: Array, *, used: bool) -> dict[str, Any]:
    accuracy = round(linear_probe(features, labels, split), 4)
    return {"view": view, "extractor": extractor, "dimension": features.shape[1], "accuracy": accuracy, "used": used}
