"""Canonical correlation of two views' outputs: as a loss, and as the final projection."""

from __future__ import annotations

import torch
from torch import Tensor


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
