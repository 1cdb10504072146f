"""Canonical correlation against numpy's SVD, finite differences, the optimality conditions of CCA and cca_zoo."""

import math

import cca_zoo.linear
import numpy as np
import pytest
import torch

from pipeline.learning.losses.canonical import canonical_correlation, linear_cca, whitened

RIDGE = 1e-2


def drawn(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def pair(size=40, width=5):
    """Two views that share a part."""
    shared = drawn(size, width, seed=9)
    return shared @ drawn(width, width, seed=1) + drawn(size, width, seed=2) + 3, shared + drawn(size, width, seed=3)


def inverse_root(matrix):
    values, vectors = np.linalg.eigh(matrix)
    return vectors / np.sqrt(values) @ vectors.T


def covariances(one, other, ridge):
    """S_12, S_11 + ridge I and S_22 + ridge I, summed sample by sample."""
    one, other = one.numpy() - one.numpy().mean(0), other.numpy() - other.numpy().mean(0)
    sums = []
    for a, b in ((one, other), (one, one), (other, other)):
        sums.append(sum(np.outer(x, y) for x, y in zip(a, b, strict=True)) / (len(a) - 1))
    return sums[0], *(own + ridge * np.eye(len(own)) for own in sums[1:])


def slow(one, other, ridge):
    between, first, second = covariances(one, other, ridge)
    return np.linalg.svd(inverse_root(first) @ between @ inverse_root(second))[1]


@pytest.mark.parametrize("ridge", [1e-4, 1e-2, 1.0])
@pytest.mark.parametrize("size", [40, 4], ids=["many samples", "fewer samples than outputs"])
def test_is_the_sum_of_singular_values_of_t(ridge, size):
    one, other = pair(size)
    assert canonical_correlation(one, other, ridge).item() == pytest.approx(slow(one, other, ridge).sum(), abs=1e-9)


def test_takes_float32_and_computes_in_float64():
    one, other = (h.float() for h in pair())
    value = canonical_correlation(one, other, RIDGE)
    assert value.dtype == torch.float64
    assert value.item() == pytest.approx(slow(one.double(), other.double(), RIDGE).sum(), abs=1e-9)


def test_views_that_an_invertible_map_joins_reach_k():
    """The correlations are all 1 as the ridge goes, whatever the map and the offset."""
    one, _ = pair()
    other = one @ drawn(5, 5, seed=7) - 2
    assert canonical_correlation(one, other, 1e-9).item() == pytest.approx(5, abs=1e-6)
    assert canonical_correlation(one, one, 1.0).item() < 5
    assert canonical_correlation(*pair(), 1e-9).item() < 5


def test_independent_views_correlate_little():
    assert canonical_correlation(drawn(20000, 3), drawn(20000, 3, seed=1), 1e-4).item() < 0.1


def test_gradient_is_that_of_finite_differences():
    one, other = (h.requires_grad_() for h in pair(12, 3))
    assert torch.autograd.gradcheck(lambda a, b: canonical_correlation(a, b, RIDGE), [one, other])


def test_gradient_is_the_closed_form_of_the_paper():
    """(2 D_11 H_1 + D_12 H_2) / (N - 1) with D_12 = S_11^-1/2 U V' S_22^-1/2, 2 D_11 = -S_11^-1/2 U D U' S_11^-1/2."""
    one, other = pair()
    one.requires_grad_()
    canonical_correlation(one, other, RIDGE).backward()
    between, first, second = covariances(one.detach(), other, RIDGE)
    left_root, right_root = inverse_root(first), inverse_root(second)
    left, spectrum, right = np.linalg.svd(left_root @ between @ right_root)
    across = left_root @ left @ right @ right_root
    own = -0.5 * left_root @ left @ np.diag(spectrum) @ left.T @ left_root
    h = [(x - x.mean(0)).detach().numpy() for x in (one, other)]
    np.testing.assert_allclose(one.grad, (2 * h[0] @ own + h[1] @ across.T) / (len(one) - 1), atol=1e-10)


def orthonormal():
    """8 x 3 centred, orthonormal columns."""
    x = drawn(8, 3)
    return torch.linalg.qr(x - x.mean(0))[0]


def degenerate():
    q, (one, other) = orthonormal(), pair(8, 3)
    return {
        "equal singular values": (q, q.clone()),
        "no correlation": (q[:, :1].repeat(1, 3), q[:, 1:2].repeat(1, 3)),
        "constant outputs": (torch.ones(8, 3).double(), torch.ones(8, 3).double()),
        "one of rank 1": (one[:, :1].repeat(1, 3), other),
        "tiny outputs": (1e-12 * one, 1e-12 * other),
        "huge outputs": (1e6 * one, 1e6 * other),
        "fewer samples than outputs": (one[:2], other[:2]),
    }


@pytest.mark.parametrize("case", degenerate())
def test_gradients_are_finite_where_the_spectrum_is_not_simple(case):
    one, other = (h.requires_grad_() for h in degenerate()[case])
    value = canonical_correlation(one, other, 1e-4)
    value.backward()
    assert -1e-9 <= value.item() <= 3
    assert torch.isfinite(one.grad).all()
    assert torch.isfinite(other.grad).all()
    assert all(torch.isfinite(w).all() for w in linear_cca(one.detach(), other.detach(), 1e-4))


def test_gradient_at_equal_singular_values_is_that_of_finite_differences():
    """The trace norm is smooth where all singular values are equal and not zero."""
    q = orthonormal()
    assert torch.autograd.gradcheck(lambda a: canonical_correlation(a, q, 0.1), [q.clone().requires_grad_()])


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_outputs_that_are_not_finite_give_nan_and_no_error(broken):
    """So that the engine can say which epoch diverged."""
    one, other = pair()
    other[3, 1] = broken
    assert canonical_correlation(one, other, RIDGE).isnan()
    assert all(w.isnan().all() for w in linear_cca(one, other, RIDGE))


def test_a_matrix_that_has_no_factor_gives_nan():
    eye = torch.eye(2, dtype=torch.float64)
    assert whitened(eye, eye, -eye)[0].isnan().all()


def test_projections_meet_the_optimality_conditions():
    """W_i' S_ii W_i = I, W_1' S_12 W_2 = diag(rho), S_12 w_2 = rho S_11 w_1, with the largest rho there are."""
    one, other = pair()
    first, second = (w.numpy() for w in linear_cca(one, other, RIDGE))
    between, left, right = covariances(one, other, RIDGE)
    rho = slow(one, other, RIDGE)
    np.testing.assert_allclose(first.T @ left @ first, np.eye(5), atol=1e-10)
    np.testing.assert_allclose(second.T @ right @ second, np.eye(5), atol=1e-10)
    np.testing.assert_allclose(first.T @ between @ second, np.diag(rho), atol=1e-10)
    np.testing.assert_allclose(between @ second, left @ first * rho, atol=1e-10)
    np.testing.assert_allclose(between.T @ first, right @ second * rho, atol=1e-10)


def test_projections_are_those_of_cca_zoo():
    one, other = pair()
    views = [h.numpy() - h.numpy().mean(0) for h in (one, other)]
    theirs = cca_zoo.linear.CCA(n_components=5).fit(views).weights_
    for ours, expected in zip(linear_cca(one, other, 1e-12), theirs, strict=True):
        ours, expected = (w / np.linalg.norm(w, axis=0) for w in (ours.numpy(), expected))
        np.testing.assert_allclose(np.abs((ours * expected).sum(0)), 1, atol=1e-7)
