"""Label-free cross-modal contrast (MRL, CVPR 2021, equations 6-7)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def contrastive(embeddings: Sequence[Tensor], temperature: float) -> Tensor:
    """Twice the mean negative log probability that a sample finds its own pair among all V * N embeddings.

    embeddings: V tensors N x m with unit rows, row i of each from the same pair. A sample is no
    candidate for itself. The authors add a row and a column version that are equal by symmetry; for
    two views the factor 2 makes the value the paper's (1/N) sum over samples and views.
    """
    views, size = len(embeddings), len(embeddings[0])
    stacked = torch.cat(list(embeddings))
    similarity = stacked @ stacked.T / temperature
    itself = torch.eye(views * size, dtype=torch.bool, device=stacked.device)
    similarity = similarity.masked_fill(itself, -torch.inf)
    partners = similarity.view(views, size, views, size).diagonal(dim1=1, dim2=3)
    return 2 * (similarity.logsumexp(1).mean() - partners.logsumexp(1).mean())
