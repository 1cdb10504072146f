"""Logistic regression: a classifier per view and no network at all, the baseline that any network must beat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, NamedTuple

import numpy as np
import torch
from pydantic import Field, PositiveFloat
from scipy.special import softmax
from torch import Tensor

from pipeline.core.criteria import BEST_VALIDATION, LAST_EPOCH, NOISY_VALIDATION
from pipeline.core.papers import Paper
from pipeline.core.runs import Need, Row, Run
from pipeline.core.seeds import torch_seed
from pipeline.core.splits import Array, Embeddings, Split, Views
from pipeline.methods.base import Embedder, Fitted, Method, validation_scores
from pipeline.methods.base.soft_regression import GaussianFeatures, Principal, SoftRegression, principal
from pipeline.methods.base.targets import FOLDS, ORACLES, OWN, Lesson, Source, lesson

STEPS = 60
"""Descent steps of a regression."""


@dataclass(frozen=True)
class Classifiers(Embedder):
    """A multinomial logistic regression per view; a sample is embedded as its K class probabilities.

    parts: view -> its arrays, in float64: centre (d), slopes (d x K) and intercept (K). A Gaussian kernel also has
    landmarks (L x d) and unit, the squared distance that counts as one; then the slopes are L x K.
    """

    parts: Mapping[str, Mapping[str, Array]]
    classes: int

    @property
    def dims(self) -> dict[str, int]:  # type: ignore[override]
        return {view: len(arrays["centre"]) for view, arrays in self.parts.items()}

    def transform(self, views: Views) -> Embeddings:
        self.check(views)
        return {view: softmax(self._logits(view, x), axis=1) for view, x in views.items()}

    def class_scores(self, views: Views) -> dict[str, Array]:
        self.check(views)
        return {view: self._logits(view, x) for view, x in views.items()}

    def state(self) -> dict[str, Array]:
        return {f"{name}.{view}": array for view, arrays in self.parts.items() for name, array in arrays.items()}

    def _logits(self, view: str, x: Array) -> Array:
        part = self.parts[view]
        features: Array = x - part["centre"]
        if "landmarks" in part:
            squared = torch.cdist(torch.tensor(features), torch.tensor(part["landmarks"])).square().numpy()
            features = np.exp(-squared / part["unit"])
        logits: Array = features @ part["slopes"] + part["intercept"]
        return logits


@dataclass(frozen=True)
class Fits(Fitted):
    """Classifiers of several penalties, one of which each criterion chose. train: the training split as given."""

    embedders: Mapping[str, Classifiers]
    train: Split
    chosen_by: Split | None
    history = ()

    @property
    def states(self) -> tuple[str, ...]:  # type: ignore[override]
        return tuple(self.embedders)

    def at(self, criterion: str) -> Classifiers:
        return self.embedders[criterion]

    def suspicion(self) -> dict[str, Array]:
        """1 - probability of the given label."""
        rows = np.arange(len(self.train))
        probabilities = self.at(self.states[0]).transform(self.train.views)
        return {view: 1 - p[rows, self.train.labels[view]] for view, p in probabilities.items()}


class Space(NamedTuple):
    """What a regression reads of one view.

    parts: how to compute it; root: L x r, from similarities with the landmarks to features, None without a kernel.
    """

    features: Principal
    parts: Mapping[str, Tensor]
    root: Tensor | None


@dataclass(kw_only=True, eq=False)
class KLR(Method):
    """Multinomial logistic regression per view on class probabilities, in the feature space of a Gaussian kernel.

    Minimises the mean cross-entropy with the targets plus (penalty / 2) |w|^2 over features of mean squared norm 1. The
    kernel is exp(-|x - x'|^2 / median squared distance), spanned by at most 1,000 training samples; kernel: `linear`
    takes the features as they are. penalties: to choose from, one for all views: by validation MAP as the other
    methods choose an epoch, and for the last epoch, which no validation may choose, by the likelihood of the targets of
    the fifth of the samples that was left out. targets: where the labels come from (methods/base/targets.py). Any
    number of views.

    Deviations from the authors' code: none is public; the kernel is approximated as Williams and Seeger do (NIPS 2000).
    """

    targets: Source = OWN
    kernel: Literal["gaussian", "linear"] = "gaussian"
    penalties: Annotated[tuple[PositiveFloat, ...], Field(min_length=1)]

    display: ClassVar[str] = "Logistic regression"
    paper: ClassVar[Paper] = Paper(
        title="Using the Nystroem Method to Speed Up Kernel Machines",
        authors="Williams, Seeger",
        venue="NIPS",
        year=2000,
        url="https://papers.nips.cc/paper/1866-using-the-nystrom-method-to-speed-up-kernel-machines",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS, Need.PAIRS})

    @property
    def needs_truth(self) -> bool:
        return self.targets in ORACLES

    def fit(self, train: Split, valid: Split | None, run: Run) -> Fits:
        learned = lesson(self.targets, train, valid, run)
        draws = torch.Generator().manual_seed(torch_seed(run.seed, "landmarks"))
        spaces = {
            view: self._space(torch.tensor(x, device=run.device), draws) for view, x in learned.train.views.items()
        }
        targets = {view: torch.tensor(q, device=run.device) for view, q in learned.targets.items()}
        fold = (torch.randperm(len(learned.train), generator=draws) % FOLDS).to(run.device)
        fits = [_fit(spaces, targets, penalty, train.classes) for penalty in self.penalties]
        unseen = [_likelihood(spaces, targets, fold, penalty) for penalty in self.penalties]
        embedders = {LAST_EPOCH: fits[int(np.argmax(unseen))]}
        if learned.valid is not None:
            scores = [self._scores(classifiers, learned) for classifiers in fits]
            columns = {BEST_VALIDATION: "valid/mean", NOISY_VALIDATION: "noisy_valid/mean"}
            chosen = {
                criterion: fits[int(np.argmax([row[column] for row in scores]))]
                for criterion, column in columns.items()
                if column in scores[0]
            }
            embedders = chosen | embedders
        return Fits(embedders, train, learned.valid)

    def restore(
        self, dims: Mapping[str, int], classes: int, arrays: Mapping[str, Array], device: torch.device
    ) -> Classifiers:
        names = ("centre", "slopes", "intercept", *(("landmarks", "unit") if self.kernel == "gaussian" else ()))
        restored = Classifiers({view: {name: arrays[f"{name}.{view}"] for name in names} for view in dims}, classes)
        restored.transform({view: np.zeros((1, dim)) for view, dim in dims.items()})  # raises where shapes do not fit
        return restored

    def _space(self, x: Tensor, draws: torch.Generator) -> Space:
        if self.kernel == "linear":
            centre = x.double().mean(dim=0)
            return Space(principal(x.double() - centre), {"centre": centre}, None)
        kernel = GaussianFeatures(x, draws)
        arrays = {"centre": kernel.centre, "landmarks": kernel.landmarks, "unit": kernel.unit}
        return Space(principal(kernel(x)), arrays, kernel.root)

    def _scores(self, classifiers: Classifiers, learned: Lesson) -> Row:
        assert learned.valid is not None
        return validation_scores(classifiers.transform(learned.valid.views), learned.valid, learned.valid_noise)


def _fit(spaces: Mapping[str, Space], targets: Mapping[str, Tensor], penalty: float, classes: int) -> Classifiers:
    parts = {}
    for view, space in spaces.items():
        everyone = torch.zeros(len(targets[view]), dtype=torch.long, device=targets[view].device)
        regression = SoftRegression(space.features, everyone, classes, penalty)
        regression.fit(targets[view], STEPS)
        slopes, intercept = regression.coefficients()
        slopes = slopes if space.root is None else space.root.double() @ slopes
        arrays = {**space.parts, "slopes": slopes, "intercept": intercept}
        parts[view] = {name: array.double().cpu().numpy() for name, array in arrays.items()}
    return Classifiers(parts, classes)


def _likelihood(spaces: Mapping[str, Space], targets: Mapping[str, Tensor], fold: Tensor, penalty: float) -> float:
    """Sum over views of the mean log-likelihood of the targets, of every sample by a regression that did not see it."""
    total = 0.0
    for view, space in spaces.items():
        q = targets[view]
        total += float((q * SoftRegression(space.features, fold, q.shape[1], penalty).fit(q, STEPS)).sum(dim=1).mean())
    return total
