"""Prototype clustering that saturates on samples that fit badly (MRL, CVPR 2021, equations 2-4)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def robust_clustering(scores: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """mean log(1 - p_y): minimised, so p_y rises, but with a gradient that vanishes where p_y is small.

    scores: N x K inner products with the prototypes; labels: N; p = softmax(scores / temperature).
    Computed as logsumexp over the other classes minus logsumexp over all.
    """
    logits = scores / temperature
    given = F.one_hot(labels, logits.shape[1]).bool()
    others = logits.masked_fill(given, -torch.inf)
    return (others.logsumexp(1) - logits.logsumexp(1)).mean()
