"""Methods whose projections come from one eigenvalue problem or one linear system."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from pipeline.core.criteria import BEST_VALIDATION, LAST_EPOCH
from pipeline.core.runs import Run
from pipeline.core.splits import Array, Embeddings, Split, Views
from pipeline.methods.base import Method, check_views


@dataclass(kw_only=True, eq=False)
class ClosedForm(Method):
    """One linear projection per view, in float64. There are no epochs to choose among: every criterion is the same."""

    random: ClassVar[bool] = False

    @abstractmethod
    def solve(self, views: list[Array], labels: list[Array]) -> list[Array]:
        """Centred views n x d_v and their labels -> projections d_v x m, best direction first."""

    def fit(self, train: Split, valid: Split | None, run: Run) -> Self:
        self.means_ = {view: x.mean(axis=0, dtype=np.float64) for view, x in train.views.items()}
        centred = [x - self.means_[view] for view, x in train.views.items()]
        labels = [train.labels[view] for view in train.views]
        self.projections_ = dict(zip(train.views, self.solve(centred, labels), strict=True))
        self.history_ = []
        self.criteria_ = (LAST_EPOCH,) if valid is None else (BEST_VALIDATION, LAST_EPOCH)
        return self

    def select(self, criterion: str) -> Self:
        return self

    def transform(self, views: Views) -> Embeddings:
        check_views(views, {view: len(mean) for view, mean in self.means_.items()})
        return {view: (x - self.means_[view]) @ self.projections_[view] for view, x in views.items()}
