"""The stored arrays as tensors, and a network that hands its inputs through."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.learning.loop import Batch
from pipeline.learning.networks import MultiViewNetwork

FOLDER = Path(__file__).parents[1] / "golden"
TOLERANCE = 1e-6


class Given(MultiViewNetwork):
    """Embeddings are the features; class scores are their inner products with the columns of a matrix."""

    def __init__(self, prototypes: Tensor) -> None:
        super().__init__({})
        self.prototypes = nn.Parameter(prototypes.clone())

    def encode(self, view: str, x: Tensor) -> Tensor:
        return x

    def class_scores(self, embedding: Tensor) -> Tensor:
        return embedding @ self.prototypes


def give_weights(layers: Mapping[str, nn.Module], stored: Mapping[str, Tensor]) -> None:
    """Put the stored weight and bias of every layer into it, as leaves of their own."""
    for name, layer in layers.items():
        layer.weight = nn.Parameter(stored[f"{name}_weight"].clone())
        layer.bias = nn.Parameter(stored[f"{name}_bias"].clone())


def load(name: str) -> dict[str, Tensor]:
    with np.load(FOLDER / f"{name}.npz", allow_pickle=False) as arrays:
        return {key: torch.from_numpy(array) for key, array in arrays.items()}


def batch(views: Mapping[str, Tensor], labels: Mapping[str, Tensor], index: Tensor | None = None) -> Batch:
    """A batch whose features are leaves, so that their gradients can be read."""
    size = len(next(iter(views.values())))
    leaves = {view: x.clone().requires_grad_() for view, x in views.items()}
    return Batch(leaves, dict(labels), torch.arange(size) if index is None else index)


def assert_agrees(ours: Tensor, authors: Tensor) -> None:
    torch.testing.assert_close(ours, authors, rtol=0, atol=TOLERANCE)
