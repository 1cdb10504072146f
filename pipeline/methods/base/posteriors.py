"""Networks whose embeddings are class probabilities."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from pipeline.learning.networks import MultiViewNetwork


class PosteriorNetwork(MultiViewNetwork):
    """A classifier per view; a sample is embedded as its K class probabilities."""

    def encode(self, view: str, x: Tensor) -> Tensor:
        return F.softmax(self.logits(view, x), dim=1)

    def logits(self, view: str, x: Tensor) -> Tensor:
        """n x d of one view -> n x K."""
        return super().encode(view, x)

    def class_scores(self, embedding: Tensor) -> Tensor:
        return embedding.clamp_min(torch.finfo(embedding.dtype).tiny).log()
