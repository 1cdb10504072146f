"""What the linear methods share, against loops over samples and classes."""

import numpy as np
import pytest

from pipeline.methods.base.linear import discriminants, leading, one_hot, per_view, principal, ridged, scatter
from tests.support.linear import given
from tests.support.paired import DIMS, THREE


def by_loops(views, labels):
    """S and B of MvDA block by block: n_ij samples of class i in view j with mean mu_ij, n_i in all views together."""
    classes = sorted(set(np.concatenate(labels).tolist()))
    samples = sum(len(x) for x in views)
    within, between = [], []
    for j, first in enumerate(views):
        for r, second in enumerate(views):
            shared = np.zeros((first.shape[1], second.shape[1]))
            for i in classes:
                mine, yours = first[labels[j] == i], second[labels[r] == i]
                n_i = sum(int((y == i).sum()) for y in labels)
                if len(mine) and len(yours):
                    shared += len(mine) * len(yours) / n_i * np.outer(mine.mean(axis=0), yours.mean(axis=0))
            own = sum((np.outer(x, x) for x in first), np.zeros_like(shared)) if j == r else np.zeros_like(shared)
            within.append(own - shared)
            between.append(shared - np.outer(first.sum(axis=0), second.sum(axis=0)) / samples)
    size = len(views)
    return tuple(
        np.block([blocks[row * size : (row + 1) * size] for row in range(size)]) for blocks in (within, between)
    )


@pytest.mark.parametrize("dims", [{"image": 5}, DIMS, THREE], ids=["one view", "two views", "three views"])
@pytest.mark.parametrize("centre", [True, False])
def test_scatter_equals_loops(dims, centre):
    views, labels = given(30, dims)
    if not centre:
        views = [x + 3 for x in views]
    for result, expected in zip(scatter(views, labels), by_loops(views, labels), strict=True):
        np.testing.assert_allclose(result, expected, atol=1e-10)


@pytest.mark.parametrize("lengths", [(30, 30), (30, 17)], ids=["paired", "unpaired"])
def test_scatter_is_fishers_of_the_pooled_projections(lengths):
    """Within plus between is the total, for any direction, also with other samples and counts in each view."""
    views, labels = given(30)
    views, labels = ([z[:n] for z, n in zip(given_, lengths, strict=True)] for given_ in (views, labels))
    within, between = scatter(views, labels)
    parts = [np.random.default_rng(3).standard_normal(x.shape[1]) for x in views]
    pooled, classes = np.concatenate([x @ w for x, w in zip(views, parts, strict=True)]), np.concatenate(labels)
    inside = outside = 0.0
    for i in set(classes.tolist()):
        members = pooled[classes == i]
        inside += np.square(members - members.mean()).sum()
        outside += len(members) * (members.mean() - pooled.mean()) ** 2
    w = np.concatenate(parts)
    assert w @ within @ w == pytest.approx(inside)
    assert w @ between @ w == pytest.approx(outside)
    assert w @ (within + between) @ w == pytest.approx(np.square(pooled - pooled.mean()).sum())


@pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
def test_ranks(dims):
    views, labels = given(60, dims)
    within, between = scatter(views, labels)
    assert np.linalg.matrix_rank(between, tol=1e-8) == discriminants(labels) == 2
    assert np.linalg.eigvalsh(within).min() > -1e-8
    assert discriminants([np.zeros(5, np.int64)]) == 1


def test_an_absent_class_changes_nothing():
    views, labels = given()
    moved = [np.where(y == 2, 7, y) for y in labels]
    for result, expected in zip(scatter(views, moved), scatter(views, labels), strict=True):
        np.testing.assert_allclose(result, expected, atol=1e-10)


def test_principal_keeps_the_energy_and_forgets_the_units():
    (x, _), _ = given()
    for energy in (0.3, 0.8, 0.95, 1.0):
        basis = principal(x, energy)
        reduced = x @ basis
        assert np.square(reduced).sum() / len(x) == pytest.approx(1)
        gram = reduced.T @ reduced
        np.testing.assert_allclose(gram, np.diag(np.diag(gram)), atol=1e-10)
        unit = basis / np.linalg.norm(basis, axis=0)
        np.testing.assert_allclose(unit.T @ unit, np.eye(basis.shape[1]), atol=1e-12)
        kept = [np.square(x @ unit[:, :count]).sum() / np.square(x).sum() for count in range(basis.shape[1] + 1)]
        assert kept[-1] >= energy - 1e-12 > kept[-2] - 1e-9
        np.testing.assert_allclose(np.abs(1000 * x @ principal(1000 * x, energy)), np.abs(reduced), atol=1e-9)


@pytest.mark.parametrize("energy", [0.5, 1.0])
def test_principal_of_a_constant_view_is_finite(energy):
    basis = principal(np.zeros((10, 4)), energy)
    assert basis.shape[0] == 4
    assert np.isfinite(basis).all()


def test_leading_solves_the_generalised_problem():
    rng = np.random.default_rng(0)
    root, half = rng.standard_normal((2, 7, 7))
    top, bottom = half + half.T, ridged(root @ root.T, 0.1)
    w = leading(top, bottom, 3)
    np.testing.assert_allclose(w.T @ bottom @ w, np.eye(3), atol=1e-10)
    rho = np.diag(w.T @ top @ w)
    np.testing.assert_allclose(top @ w, bottom @ w * rho, atol=1e-9)
    np.testing.assert_allclose(rho, np.sort(np.linalg.eigvals(np.linalg.solve(bottom, top)).real)[::-1][:3])
    assert leading(top, bottom, 50).shape == (7, 7)


def test_small_parts():
    np.testing.assert_allclose(ridged(np.diag([1.0, 3.0]), 0.5), np.diag([2.0, 4.0]))
    first, second = one_hot([np.array([0, 2]), np.array([1, 1, 0])])
    np.testing.assert_array_equal(first, [[1, 0, 0], [0, 0, 1]])
    np.testing.assert_array_equal(second, [[0, 1, 0], [0, 1, 0], [1, 0, 0]])
    bases = [np.eye(3)[:, :2], 2 * np.eye(2)[:, :1]]
    one, other = per_view(bases, np.array([[1.0], [2.0], [3.0]]))
    np.testing.assert_array_equal(one, [[1], [2], [0]])
    np.testing.assert_array_equal(other, [[6], [0]])
