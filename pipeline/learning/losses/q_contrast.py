"""A bounded logarithm, and the contrast of pairs by it (Pu et al., AAAI 2025; Sun et al., ICML 2026)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def bounded(log_p: Tensor, q: float) -> Tensor:
    """(1 - q) (1 - p^q) / q + q (1 - p): close to -log p for a small q, 1 - p for q = 1."""
    return -(1 - q) * torch.expm1(q * log_p) / q - q * torch.expm1(log_p)


def q_contrast(embeddings: Sequence[Tensor], temperature: float, q: float, within: bool = True) -> Tensor:
    """Twice the mean bounded loss of the probability p that a sample finds its own pair among the candidates.

    embeddings: V tensors N x m with unit rows. Candidates are the other views' samples, and if within those of its own
    view but itself too. The authors add a row and a column version, equal by symmetry.
    """
    views, size = len(embeddings), len(embeddings[0])
    stacked = torch.cat(list(embeddings))
    similarity = stacked @ stacked.T / temperature
    excluded = torch.eye(views * size, dtype=torch.bool, device=stacked.device)
    if not within:
        own = torch.arange(views, device=stacked.device).repeat_interleave(size)
        excluded = own[:, None] == own
    similarity = similarity.masked_fill(excluded, -torch.inf)
    partners = similarity.view(views, size, views, size).diagonal(dim1=1, dim2=3)
    log_p = partners.logsumexp(1).flatten() - similarity.logsumexp(1)
    return 2 * bounded(log_p, q).mean()
