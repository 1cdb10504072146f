"""What annotators say of the samples of each class, drawn towards mistakes that are all alike.

T[a, y, l] is the probability that annotator a labels a sample of class y as l. Row y has a Dirichlet prior with the row
of a symmetric matrix as mean, right with probability p_a and every mistake alike. Its strength, in labels per row, is
the one of STRENGTHS under which the counted labels are likeliest (empirical Bayes, per annotator): many labels with
mistakes of their own kind speak for themselves, few or even ones do not.
"""

from __future__ import annotations

import torch
from torch import Tensor

STRENGTHS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1e3, 1e4, 1e6)
LENT = 2.0
"""Labels of the mean quality that every annotator is lent, so that nobody is judged by a handful."""
LEAST = 1e-4
"""No annotator is closer to always right, or to chance from above, than this."""


def symmetric(right: Tensor, classes: int) -> Tensor:
    """A probabilities of being right -> A x K x K, the rest of every row spread evenly over its wrong labels."""
    off = (1 - right) / (classes - 1)
    eye = torch.eye(classes, dtype=right.dtype, device=right.device)
    return off[:, None, None] + (right - off)[:, None, None] * eye


def quality(counts: Tensor) -> Tensor:
    """A x K x K counted labels (row = class) -> A probabilities of being right, of few labels near the mean of all."""
    right, labels = counts.diagonal(dim1=1, dim2=2).sum(dim=1), counts.sum(dim=(1, 2))
    mean = right.sum() / labels.sum()
    return ((right + LENT * mean) / (labels + LENT)).clamp(1 / counts.shape[1] + LEAST, 1 - LEAST)


def towards_symmetric(counts: Tensor) -> tuple[Tensor, Tensor]:
    """A x K x K counted labels -> T of the same shape, and the strengths (A) of the priors that make it."""
    mean = symmetric(quality(counts), counts.shape[1])
    strengths = torch.tensor(STRENGTHS, dtype=counts.dtype, device=counts.device)
    evidence = torch.stack([_log_evidence(counts, strength * mean) for strength in strengths])
    chosen = strengths[evidence.argmax(dim=0)][:, None, None]
    return (chosen * mean + counts) / (chosen + counts.sum(dim=2, keepdim=True)), chosen[:, 0, 0]


def _log_evidence(counts: Tensor, prior: Tensor) -> Tensor:
    """A log-probabilities of the counts (A x K x K) where every row is drawn from its Dirichlet (A x K x K)."""
    rows = torch.lgamma(prior.sum(dim=2)) - torch.lgamma(prior.sum(dim=2) + counts.sum(dim=2))
    return rows.sum(dim=1) + (torch.lgamma(prior + counts) - torch.lgamma(prior)).sum(dim=(1, 2))
