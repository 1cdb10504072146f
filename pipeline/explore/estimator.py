"""A method as a scikit-learn estimator: arrays and labels in; suspicions, cleaned labels, embeddings, rankings out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from pipeline.config.load import load
from pipeline.config.project import DEFAULT
from pipeline.core import plugins
from pipeline.core.errors import BadInput
from pipeline.core.progress import quiet
from pipeline.core.runs import Run
from pipeline.core.splits import Array, Split
from pipeline.explore.suspects.cross_fit import judge
from pipeline.methods.base import Method
from pipeline.retrieval.nearest import nearest
from pipeline.retrieval.ranking import mean_average_precision

PARAMS = Path(__file__).parents[2] / "params.yaml"
"""Which has the usual settings of every method, with tuned.yaml beside it."""
DOUBT = 0.5
"""A label with a higher suspicion gives way to the suggested one."""


class CrossModalRetriever(BaseEstimator):  # type: ignore[misc]
    """Retrieval across views, learned from labels of which some are wrong.

    method: a file of pipeline/methods that gives class scores, with its usual settings; settings: what differs from
    them; seed: of everything random. Fitted attributes: classes_ (K); suspicion_ (n numbers in [0, 1], or view -> n for
    labels per view), each from a fit that did not see the label (docs/suspects.md); suggested_ (n classes); labels_
    (n, or view -> n): the suggested class where a suspicion is above one half, else the given one; embedder_: the
    trained method. Views are a mapping of names to n x d finite numbers, in one order.
    """

    def __init__(self, method: str = "witness", settings: Mapping[str, Any] | None = None, seed: int = 0) -> None:
        self.method = method
        self.settings = settings
        self.seed = seed

    def fit(self, views: Mapping[str, ArrayLike], labels: ArrayLike | Mapping[str, ArrayLike]) -> Self:
        """Learn from n pairs. labels: n texts or numbers, or view -> n.

        Raises UnknownName for a method, BadInput for arrays that do not fit, NaN, fewer than two views or classes, and
        a method without class scores.
        """
        rows = _features(views)
        if len(rows) < 2:
            raise BadInput(f"there are {len(rows)} views", "fit", "give two or more, as {'image': x, 'text': y}")
        per_view = labels if isinstance(labels, Mapping) else dict.fromkeys(rows, labels)
        if set(per_view) != set(rows):
            raise BadInput(f"labels are of {sorted(per_view)}, the views are {sorted(rows)}", "fit", "name them alike")
        given = {view: _labels(per_view[view], len(x), view) for view, x in rows.items()}
        self.classes_ = np.unique(np.concatenate(list(given.values())))
        if len(self.classes_) < 2:
            raise BadInput(f"the only class is '{self.classes_[0]}'", "fit", "give samples of two classes or more")
        indices = {view: np.searchsorted(self.classes_, y) for view, y in given.items()}
        pairs = Split(rows, indices, np.arange(len(next(iter(rows.values())))), len(self.classes_))
        method = _built(self.method, self.settings or {})
        judgement = judge(method, pairs, self.seed, quiet)
        self.suggested_ = self.classes_[judgement.suggested]
        cleaned = {view: np.where(s > DOUBT, self.suggested_, given[view]) for view, s in judgement.suspicion.items()}
        shared = not isinstance(labels, Mapping)
        first = next(iter(rows))
        self.suspicion_ = judgement.suspicion[first] if shared else judgement.suspicion
        self.labels_ = cleaned[first] if shared else cleaned
        fitted = method.fit(pairs, None, Run(self.seed, torch.device("cpu")))
        self.embedder_ = fitted.at(fitted.states[0])
        return self

    def transform(self, views: Mapping[str, ArrayLike]) -> dict[str, Array]:
        """Embed any of the views, n x d each -> n x m each. Raises BadInput for views it was not fitted on."""
        check_is_fitted(self)
        return self.embedder_.transform(_features(views))

    def rank(self, queries: Mapping[str, ArrayLike], gallery: Mapping[str, ArrayLike]) -> Array:
        """Places in the gallery by cosine, nearest first: one view of Q samples and one of N -> Q x N."""
        for asked in (queries, gallery):
            if len(asked) != 1:
                raise BadInput(f"there are {len(asked)} views", "rank", "give one of queries and one of the gallery")
        (asked_rows,), (kept,) = (self.transform(views).values() for views in (queries, gallery))
        return nearest(asked_rows, kept, len(kept))

    def score(self, views: Mapping[str, ArrayLike], labels: ArrayLike) -> float:
        """Mean average precision over all directions between the views of n pairs. labels: n."""
        embeddings = self.transform(views)
        of_pairs = _labels(labels, len(next(iter(embeddings.values()))), "score")
        by_direction = mean_average_precision(embeddings, dict.fromkeys(embeddings, of_pairs))
        return float(np.mean(list(by_direction.values())))


def _built(name: str, changes: Mapping[str, Any]) -> Method:
    """The method with what params.yaml and tuned.yaml say for every dataset, and changes."""
    project = load(PARAMS)
    usual = {**project.method(name).profiles[DEFAULT], **project.tuned.get(name, {}).get(DEFAULT, {})}
    return plugins.build("pipeline.methods", name, Method, usual | dict(changes), "settings")


def _features(views: Mapping[str, ArrayLike]) -> dict[str, Array]:
    """View -> n x d float32. Split refuses NaN and differing n."""
    if not isinstance(views, Mapping):
        raise BadInput(f"views are {type(views).__name__}", "views", "give a mapping, as {'image': x, 'text': y}")
    rows = {}
    for view, given in views.items():
        array = np.asarray(given)
        if array.ndim != 2 or array.dtype.kind not in "uif" or not array.size:
            shape = " x ".join(map(str, array.shape)) or "single"
            raise BadInput(f"{shape} values of {array.dtype}", f"view '{view}'", "give n x d numbers")
        rows[view] = array.astype(np.float32)
    return rows


def _labels(labels: ArrayLike, count: int, place: str) -> Array:
    """n texts or numbers, none of them missing."""
    array = np.asarray(labels)
    if array.shape != (count,):
        shape = " x ".join(map(str, array.shape)) or "single"
        raise BadInput(f"labels of shape {shape} for {count} samples", place, "give one per sample")
    missing = pd.isna(array)
    if missing.any():
        row = int(missing.argmax())
        raise BadInput(f"{int(missing.sum())} labels are missing, the first of sample {row}", place, "leave those out")
    return array.astype(str) if array.dtype.kind == "O" else array
