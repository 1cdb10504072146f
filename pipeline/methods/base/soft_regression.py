"""Multinomial logistic regression on class probabilities, for all folds of a cross-validation at once."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

LANDMARKS = 1000
"""Samples that span the feature space of the kernel."""
RANK = 1e-6
"""Directions of the landmarks with less than this share of the largest eigenvalue are rounding errors."""
NEGLIGIBLE = 1e-3
"""Directions whose variance is below this share of the penalty get no weight worth computing."""


class GaussianFeatures:
    """n x d -> n x r, rows whose inner products are exp(-|x - x'|^2 / median squared distance).

    Where most rows are equal, the mean squared distance stands in for the median.
    Exact among up to LANDMARKS given samples (n x d), else spanned by that many, drawn without replacement (Williams
    and Seeger, Using the Nystroem Method to Speed Up Kernel Machines, 2000).
    """

    def __init__(self, x: Tensor, generator: torch.Generator) -> None:
        self.centre = x.mean(dim=0)
        rows = torch.randperm(len(x), generator=generator)[:LANDMARKS].to(x.device)
        self.landmarks = x[rows] - self.centre
        distances = torch.cdist(self.landmarks, self.landmarks).square()
        self.unit = next((unit for unit in (distances.median(), distances.mean()) if unit > 0), distances.new_ones(()))
        values, directions = torch.linalg.eigh((-distances / self.unit).exp().double())
        kept = values > RANK * values.max()
        self.root = (directions[:, kept] / values[kept].sqrt()).to(x)

    def __call__(self, x: Tensor) -> Tensor:
        distances = torch.cdist(x - self.centre, self.landmarks).square()
        features: Tensor = (-distances / self.unit).exp() @ self.root
        return features


class Principal(NamedTuple):
    """Features in the eigenbasis of their covariance: rows = (x - mean) @ directions.

    rows: n x d, centred, of mean squared norm 1; variances: d; mean: d; directions: d x d, scaled.
    """

    rows: Tensor
    variances: Tensor
    mean: Tensor
    directions: Tensor


def principal(x: Tensor) -> Principal:
    """n x d, scaled so that a penalty does not depend on the unit; float64, for the smallest variances count."""
    mean = x.double().mean(dim=0)
    rows = x.double() - mean
    scale = rows.square().sum(dim=1).mean().sqrt().clamp_min(torch.finfo(rows.dtype).tiny)
    rows = rows / scale
    variances, directions = torch.linalg.eigh(rows.T @ rows / len(rows))
    return Principal(rows @ directions, variances, mean, directions / scale)


class SoftRegression:
    """Mean cross-entropy with soft labels plus (penalty / 2) |w|^2, the intercept free; one model per fold.

    fold: n, the fold whose model does not see the sample; with a single fold its model sees all samples. Weights
    stay from fit to fit. Descent with Nesterov's momentum, restarted where it points uphill (O'Donoghue and Candes,
    Adaptive Restart for Accelerated Gradient Schemes, 2015). In the eigenbasis Boehning's bound on the Hessian
    (Multinomial Logistic Regression Algorithm, 1992) is diagonal and gives the step sizes.
    """

    def __init__(self, x: Principal, fold: Tensor, classes: int, penalty: float) -> None:
        kept = x.variances > NEGLIGIBLE * penalty
        variances = x.variances[kept]
        self.basis = x.mean, x.directions[:, kept]
        self.x = F.pad(x.rows[:, kept], (0, 1), value=1.0).float()
        folds = int(fold.max()) + 1
        self.fold = fold
        seen = torch.ones(len(fold), 1) if folds == 1 else (fold[:, None] != torch.arange(folds, device=fold.device))
        self.share = (seen / seen.sum(dim=0)).to(self.x)
        most = float(self.share.max()) * len(fold)
        self.penalty = F.pad(torch.full_like(variances, penalty), (0, 1)).float()[:, None]
        self.bound = (F.pad(variances * most, (0, 1), value=most) / 2)[:, None].float() + self.penalty
        self.weights = torch.zeros(self.x.shape[1], folds * classes, device=fold.device)
        self.classes = classes

    def fit(self, q: Tensor, steps: int) -> Tensor:
        """q: n x K probabilities -> n x K log-probabilities, of every sample by the model of its own fold."""
        target = q.float()[:, None]
        previous = ahead = self.weights
        momentum = 1.0
        for _ in range(steps):
            slope = self._slope(ahead, target)
            weights = ahead - slope / self.bound
            if float((slope * (weights - previous)).sum()) > 0:
                momentum = 1.0
            longer = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
            ahead = weights + (momentum - 1) / longer * (weights - previous)
            previous, momentum = weights, longer
        self.weights = previous
        own = self.fold[:, None, None].expand(-1, 1, self.classes)
        return self._scores(previous).gather(1, own).squeeze(1).double().log_softmax(dim=1)

    def coefficients(self) -> tuple[Tensor, Tensor]:
        """Slopes (d x K) and intercepts (K) of a single fold's model: x @ slopes + intercepts are logits, n x K."""
        mean, directions = self.basis
        slopes = directions @ self.weights[:-1].double()
        return slopes, self.weights[-1].double() - mean @ slopes

    def _scores(self, weights: Tensor) -> Tensor:
        """n x folds x K."""
        return (self.x @ weights).view(len(self.x), -1, self.classes)

    def _slope(self, weights: Tensor, target: Tensor) -> Tensor:
        wrong = (F.softmax(self._scores(weights), dim=2) - target) * self.share[:, :, None]
        return self.x.T @ wrong.flatten(1) + self.penalty * weights
