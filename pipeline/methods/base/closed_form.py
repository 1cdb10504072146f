"""Methods whose projections come from one eigenvalue problem."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import PositiveInt

from pipeline.contract import BEST_VALIDATION, LAST_EPOCH, Array, Embeddings, Run, Split, Views
from pipeline.methods.base import Method, check_views, validation_scores

Solution = tuple[dict[str, Any], list[Array]]
"""A setting and the projections it gives, one per view."""


@dataclass(kw_only=True, eq=False)
class ClosedForm(Method):
    """One linear projection per view from one eigenvalue problem, in float64.

    components: how many leading directions to try. Settings given as lists are tried one by one;
    clean validation MAP chooses, as for the papers' baselines; without validation data the first is taken.
    """

    components: list[PositiveInt] = field(default_factory=lambda: [8, 16, 32, 64, 128])
    random: ClassVar[bool] = False

    @abstractmethod
    def solutions(self, views: list[Array], labels: list[Array]) -> Iterator[Solution]:
        """Centred views n x d_v and their labels -> settings to try, with projections d_v x m, best direction first."""

    def fit(self, train: Split, valid: Split | None, run: Run) -> Self:
        self.means_ = {view: x.mean(axis=0, dtype=np.float64) for view, x in train.views.items()}
        centred = [x - self.means_[view] for view, x in train.views.items()]
        labels = [train.labels[view] for view in train.views]
        best = -math.inf
        self.validation_: list[dict[str, Any]] = []
        for setting, projections in self.solutions(centred, labels):
            for count in sorted({min(count, projections[0].shape[1]) for count in self.components}):
                cut = {view: w[:, :count] for view, w in zip(train.views, projections, strict=True)}
                score = 0.0
                if valid is not None:
                    embeddings = self._project(valid.views, cut)
                    score = validation_scores(embeddings, valid)["valid/mean"]
                self.validation_.append({**setting, "components": count, "valid/mean": score})
                if score > best:
                    best, self.projections_, self.chosen_ = score, cut, self.validation_[-1]
        self.history_ = []
        self.criteria_ = (LAST_EPOCH,) if valid is None else (BEST_VALIDATION, LAST_EPOCH)
        return self

    def select(self, criterion: str) -> Self:
        return self

    def transform(self, views: Views) -> Embeddings:
        check_views(views, {view: len(mean) for view, mean in self.means_.items()})
        return self._project(views, self.projections_)

    def _project(self, views: Views, projections: Mapping[str, Array]) -> Embeddings:
        return {view: (x - self.means_[view]) @ projections[view] for view, x in views.items()}
