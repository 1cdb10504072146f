"""Networks that several methods train."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.core.errors import BadParams


def mlp(inputs: int, hidden: Sequence[int], outputs: int) -> nn.Sequential:
    """Linear layers with ReLU between them, none after the last."""
    widths = [inputs, *hidden]
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], outputs))


class MultiViewNetwork(nn.Module):
    """One encoder per view; views can be encoded together or alone."""

    def __init__(self, encoders: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.encoders = nn.ModuleDict(encoders)

    def encode(self, view: str, x: Tensor) -> Tensor:
        """x: n x d of one view -> n x m embeddings."""
        embedding: Tensor = self.encoders[view](x)
        return embedding

    def forward(self, views: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {view: self.encode(view, x) for view, x in views.items()}

    def class_scores(self, embedding: Tensor) -> Tensor | None:
        """n x m embeddings -> n x K class logits, or None where the network has no class scores."""
        return None


class SphereNetwork(MultiViewNetwork):
    """An MLP per view onto the unit sphere."""

    def __init__(self, dims: Mapping[str, int], hidden: Sequence[int], embedding: int) -> None:
        super().__init__({view: mlp(dim, hidden, embedding) for view, dim in dims.items()})

    def encode(self, view: str, x: Tensor) -> Tensor:
        return F.normalize(super().encode(view, x))


class PrototypeNetwork(SphereNetwork):
    """Encoders onto the unit sphere and K trained unit prototypes shared by the views (MRL, section 3.2).

    Prototypes start as K columns of a random orthogonal m x m matrix, so K must not exceed m.
    """

    def __init__(self, dims: Mapping[str, int], classes: int, hidden: Sequence[int], embedding: int) -> None:
        super().__init__(dims, hidden, embedding)
        if classes > embedding:
            raise BadParams(
                f"{classes} classes do not fit into {embedding} orthogonal prototypes",
                "embedding",
                f"set it to {classes} or more",
            )
        square = nn.init.orthogonal_(torch.empty(embedding, embedding))
        self.prototypes = nn.Parameter(square[:, :classes].clone())

    def class_scores(self, embedding: Tensor) -> Tensor:
        return embedding @ self.prototypes

    @torch.no_grad()
    def normalise_prototypes(self) -> None:
        self.prototypes.div_(self.prototypes.norm(dim=0, keepdim=True))
