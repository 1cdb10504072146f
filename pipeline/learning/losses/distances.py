"""Mean Euclidean distances that SDML and DSCMR minimise."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def mean_distance(first: Tensor, second: Tensor) -> Tensor:
    """Mean Euclidean distance of the rows, not squared. first, second: N x m."""
    distances: Tensor = torch.linalg.vector_norm(first - second, dim=1)
    return distances.mean()


def label_distance(scores: Tensor, labels: Tensor) -> Tensor:
    """mean |s_i - e_y|: mean distance of class scores (N x K) to the one-hot rows of the labels (N)."""
    return mean_distance(scores, F.one_hot(labels, scores.shape[1]))
