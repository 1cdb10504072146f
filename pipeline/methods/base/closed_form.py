"""Methods whose projections come from one eigenvalue problem or one linear system."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pipeline.core.criteria import BEST_VALIDATION, LAST_EPOCH, NOISY_VALIDATION
from pipeline.core.runs import Run
from pipeline.core.splits import Array, Embeddings, Split, Views
from pipeline.methods.base import Embedder, Fitted, Method

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Projections(Embedder):
    """One linear projection per view, in float64. means: d_v each; matrices: d_v x m each."""

    means: Mapping[str, Array]
    matrices: Mapping[str, Array]
    classes: int

    @property
    def dims(self) -> dict[str, int]:  # type: ignore[override]
        return {view: len(mean) for view, mean in self.means.items()}

    def transform(self, views: Views) -> Embeddings:
        self.check(views)
        return {view: (x - self.means[view]) @ self.matrices[view] for view, x in views.items()}

    def state(self) -> dict[str, Array]:
        means = {f"means.{view}": mean for view, mean in self.means.items()}
        return means | {f"projections.{view}": matrix for view, matrix in self.matrices.items()}


@dataclass(frozen=True)
class Solved(Fitted):
    """There are no epochs to choose among: every criterion has the same state."""

    projections: Projections
    states: tuple[str, ...]
    chosen_by: Split | None
    history = ()

    def at(self, criterion: str) -> Projections:
        return self.projections


@dataclass(kw_only=True, eq=False)
class ClosedForm(Method):
    """A method that solves for one projection per view."""

    random: ClassVar[bool] = False

    @abstractmethod
    def solve(self, views: list[Array], labels: list[Array]) -> list[Array]:
        """Centred views n x d_v and their labels -> projections d_v x m, best direction first."""

    def fit(self, train: Split, valid: Split | None, run: Run) -> Solved:
        means = {view: x.mean(axis=0, dtype=np.float64) for view, x in train.views.items()}
        centred = [x - means[view] for view, x in train.views.items()]
        labels = [train.labels[view] for view in train.views]
        matrices = dict(zip(train.views, self.solve(centred, labels), strict=True))
        chosen = () if valid is None else (BEST_VALIDATION,)
        chosen_by_noise = () if valid is None or run.valid_noise is None else (NOISY_VALIDATION,)
        return Solved(Projections(means, matrices, train.classes), (*chosen, *chosen_by_noise, LAST_EPOCH), valid)

    def restore(
        self, dims: Mapping[str, int], classes: int, arrays: Mapping[str, Array], device: torch.device
    ) -> Projections:
        means, matrices = ({view: arrays[f"{part}.{view}"] for view in dims} for part in ("means", "projections"))
        restored = Projections(means, matrices, classes)
        restored.transform({view: mean[None] for view, mean in means.items()})  # raises where shapes do not fit
        return restored
