"""Canonical correlation of two views' outputs: as a loss, as the final projection, and the network that carries it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.networks import MultiViewNetwork, mlp


def whitened(between: Tensor, one: Tensor, other: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """T = L_1^-1 C L_2^-T with the Cholesky factors S_i = L_i L_i'; also L_1 and L_2.

    between: C, k x m; one: S_1, k x k; other: S_2, m x m. T has the singular values (and, where S_1 = S_2 and C is
    symmetric, the eigenvalues) of S_1^-1/2 C S_2^-1/2, and Cholesky factors have gradients where roots by
    eigenvectors have none. All of T is NaN where a factor does not exist, so that spectra need not be asked.
    """
    (first, failed), (second, failed_too) = (torch.linalg.cholesky_ex(s)[:2] for s in (one, other))
    half = torch.linalg.solve_triangular(first, between, upper=False)
    whole = torch.linalg.solve_triangular(second, half.mT, upper=False).mT
    return whole.masked_fill((failed != 0) | (failed_too != 0), torch.nan), first, second


def known(spectrum_of: Tensor) -> tuple[Tensor, Tensor]:
    """The matrix with zeros where it is not finite, which no decomposition refuses, and whether it was finite."""
    finite = spectrum_of.isfinite().all()
    return spectrum_of.where(finite, 0.0), finite


def canonical_correlation(one: Tensor, other: Tensor, ridge: float) -> Tensor:
    """Sum of the canonical correlations of two views, at most k.

    one, other: N x k outputs of paired samples, centred here. The trace norm of T = S_11^-1/2 S_12 S_22^-1/2 with
    S_ij = H_i'H_j / (N - 1), plus ridge * I on S_11 and S_22; in float64. The gradient of singular values
    alone, U V', is finite also where they are equal or zero. NaN where an output is not finite.
    """
    whole, finite = known(whitened(*_covariances(one, other, ridge))[0])
    total: Tensor = torch.linalg.svdvals(whole).sum()
    return total.where(finite, torch.nan)


@torch.no_grad()
def linear_cca(one: Tensor, other: Tensor, ridge: float) -> tuple[Tensor, Tensor]:
    """Projections k x k of each view, strongest correlation first: w' (S_ii + ridge I) w = 1; in float64."""
    whole, *factors = whitened(*_covariances(one, other, ridge))
    whole, finite = known(whole)
    left, _, right = torch.linalg.svd(whole)
    first, second = (
        torch.linalg.solve_triangular(factor.mT, vectors, upper=True).where(finite, torch.nan)
        for factor, vectors in zip(factors, (left, right.mT), strict=True)
    )
    return first, second


def _covariances(one: Tensor, other: Tensor, ridge: float) -> tuple[Tensor, Tensor, Tensor]:
    """S_12, S_11 + ridge I, S_22 + ridge I."""
    centred = [h.double() - h.double().mean(0) for h in (one, other)]
    between = centred[0].T @ centred[1] / (len(one) - 1)
    first, second = (
        h.T @ h / (len(one) - 1) + ridge * torch.eye(h.shape[1], dtype=h.dtype, device=h.device) for h in centred
    )
    return between, first, second


class CanonicalNetwork(MultiViewNetwork):
    """Two MLPs and, out of training mode, the linear CCA of their outputs on the training samples.

    forward gives raw outputs. Every change to evaluation mode fits the CCA of the weights as they are on the views
    that watch was given; means and projections are part of the state, so that saved weights keep their own.
    decoders: reversed MLPs from outputs to inputs, where asked for.
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
        self._watched: Mapping[str, Tensor] = {}

    def watch(self, views: Mapping[str, Tensor]) -> None:
        """views: two of n x d, the training samples that the CCA is fitted on."""
        self._watched = views

    def forward(self, views: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {view: super(CanonicalNetwork, self).encode(view, x) for view, x in views.items()}

    def encode(self, view: str, x: Tensor) -> Tensor:
        """x: n x d of one view -> n x k canonical variates; raw outputs before the first fit of the CCA."""
        number = list(self.encoders).index(view)
        output = super().encode(view, x)
        return ((output.double() - self.means[number]) @ self.projections[number]).to(output.dtype)

    def reconstruction(self, views: Mapping[str, Tensor], outputs: Mapping[str, Tensor]) -> Tensor:
        """Sum over views of the mean squared distance between a sample, a row of N x d, and its decoded output."""
        errors = [F.mse_loss(self.decoders[view](outputs[view]), x) * x.shape[1] for view, x in views.items()]
        return torch.stack(errors).sum()

    def train(self, mode: bool = True) -> CanonicalNetwork:
        super().train(mode)
        if self._watched and not mode:
            self._fit()
        return self

    @torch.no_grad()
    def _fit(self) -> None:
        outputs = list(self(self._watched).values())
        self.means.copy_(torch.stack([h.double().mean(0) for h in outputs]))
        self.projections.copy_(torch.stack(linear_cca(outputs[0], outputs[1], self.ridge)))
