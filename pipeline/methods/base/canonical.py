"""Methods whose networks make two views correlate: DCCA and DCCAE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.core.runs import Need
from pipeline.learning.loop import Batch
from pipeline.learning.losses.canonical import linear_cca
from pipeline.learning.networks import MultiViewNetwork, mlp
from pipeline.methods.base.deep import Deep


class CanonicalNetwork(MultiViewNetwork):
    """Two MLPs, and the linear CCA of their outputs that embeds samples.

    forward returns raw outputs. fit_cca fits the CCA of the weights as they are; means and projections are part of the
    state, so that saved weights keep their own. decoders: reversed MLPs from outputs to inputs, if asked for.
    """

    means: Tensor
    projections: Tensor

    def __init__(
        self, dims: Mapping[str, int], hidden: Sequence[int], embedding: int, ridge: float, decoders: bool = False
    ) -> None:
        super().__init__({view: mlp(dim, hidden, embedding) for view, dim in dims.items()})
        back = {view: mlp(embedding, hidden[::-1], dim) for view, dim in dims.items()} if decoders else {}
        self.decoders = nn.ModuleDict(back)
        self.ridge = ridge
        self.register_buffer("means", torch.zeros(2, embedding, dtype=torch.float64))
        self.register_buffer("projections", torch.eye(embedding, dtype=torch.float64).repeat(2, 1, 1))

    def forward(self, views: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {view: super(CanonicalNetwork, self).encode(view, x) for view, x in views.items()}

    def encode(self, view: str, x: Tensor) -> Tensor:
        """x: n x d of one view -> n x k canonical variates; raw outputs before fit_cca."""
        number = list(self.encoders).index(view)
        output = super().encode(view, x)
        return ((output.double() - self.means[number]) @ self.projections[number]).to(output.dtype)

    def reconstruction(self, views: Mapping[str, Tensor], outputs: Mapping[str, Tensor]) -> Tensor:
        """Sum over views of the mean squared distance between a sample, a row of N x d, and its decoded output."""
        errors = [F.mse_loss(self.decoders[view](outputs[view]), x) * x.shape[1] for view, x in views.items()]
        return torch.stack(errors).sum()

    @torch.no_grad()
    def fit_cca(self, views: Mapping[str, Tensor]) -> None:
        """views: two of n x d, the training samples."""
        one, other = self(views).values()
        self.means.copy_(torch.stack([h.double().mean(0) for h in (one, other)]))
        self.projections.copy_(torch.stack(linear_cca(one, other, self.ridge)))


@dataclass(kw_only=True, eq=False)
class CanonicalMethod(Deep[CanonicalNetwork]):
    """Samples are embedded by a linear CCA of the networks' outputs on all training samples.

    It is fitted after every epoch, so that validation scores the embeddings that retrieval uses, and every kept
    state has the CCA of its own weights. embedding: width k of the outputs; ridge: on the diagonal of both
    covariances of a batch; final_ridge: that of the linear CCA. A batch should hold ten samples per output or more.
    """

    embedding: PositiveInt
    ridge: PositiveFloat
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: NonNegativeFloat = 1e-4
    final_ridge: PositiveFloat = 1e-4
    decoders: ClassVar[bool] = False

    needs: ClassVar[frozenset[Need]] = frozenset({Need.PAIRS, Need.TWO_VIEWS})

    def build(self, dims: Mapping[str, int], classes: int) -> CanonicalNetwork:
        return CanonicalNetwork(dims, self.hidden, self.embedding, self.final_ridge, self.decoders)

    def finish(self, model: CanonicalNetwork, data: Batch) -> None:
        model.fit_cca(data.views)
