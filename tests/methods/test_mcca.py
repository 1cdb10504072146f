"""MCCA against its optimality conditions and two other solvers."""

import cca_zoo.linear
import numpy as np
import pytest

from pipeline.core.criteria import LAST_EPOCH
from pipeline.methods.mcca import MCCA
from tests.support.paired import DIMS, THREE, run, split

KAPPA, COUNT = 0.1, 4


def scaled(dims):
    """Training views, centred, in float64, with a mean variance of 1 per feature (ddof 1): kappa is then the ridge."""
    data = split(60, 0, dims)
    views = {}
    for view, x in data.views.items():
        x = x.astype(np.float64) - x.mean(axis=0, dtype=np.float64)
        views[view] = x / np.sqrt(x.var(axis=0, ddof=1).mean())
    return views


def solve(views, ridge=KAPPA, count=COUNT):
    """One projection per view by the method."""
    return MCCA(ridge=ridge, components=count).solve(list(views.values()), [])


def blocks(views):
    """C with zero diagonal blocks, and blkdiag(C_ii + k_i I), built view by view."""
    names = list(views)
    between, within = [], []
    for a in names:
        n, d = views[a].shape
        own = views[a].T @ views[a] / n
        own = own + KAPPA * np.trace(own) / d * np.eye(d)
        between.append([np.zeros((d, d)) if a == b else views[a].T @ views[b] / n for b in names])
        within.append([own if a == b else np.zeros((d, views[b].shape[1])) for b in names])
    return np.block(between), np.block(within)


@pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
def test_optimality_conditions(dims):
    views = scaled(dims)
    stacked = np.vstack(solve(views))
    between, within = blocks(views)
    np.testing.assert_allclose(stacked.T @ within @ stacked, np.eye(COUNT), atol=1e-10)
    rho = np.diag(stacked.T @ between @ stacked)
    np.testing.assert_allclose(between @ stacked, within @ stacked * rho, atol=1e-10)
    largest = np.sort(np.linalg.eigvals(np.linalg.solve(within, between)).real)[::-1]
    np.testing.assert_allclose(rho, largest[:COUNT], atol=1e-9)


def same_up_to_sign_and_scale(result, expected):
    """Column by column over all views at once: one factor per direction."""
    result, expected = np.vstack(result), np.vstack(expected)
    result, expected = (w / np.linalg.norm(w, axis=0) for w in (result, expected))
    np.testing.assert_allclose(np.abs((result * expected).sum(axis=0)), 1, atol=1e-8)


@pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
def test_equals_cca_zoo(dims):
    views = scaled(dims)
    other = cca_zoo.linear.MCCA(n_components=COUNT, shrinkage=KAPPA / (1 + KAPPA)).fit(list(views.values()))
    same_up_to_sign_and_scale(solve(views), other.weights_)


def test_two_views_are_ridge_cca():
    """W_1 = (C_11 + k_1 I)^-1/2 U, W_2 = (C_22 + k_2 I)^-1/2 V with U S V' the SVD of the whitened C_12."""
    views = scaled(DIMS)
    between, within = blocks(views)
    cut = DIMS["image"]
    roots = []
    for block in (within[:cut, :cut], within[cut:, cut:]):
        values, vectors = np.linalg.eigh(block)
        roots.append(vectors / np.sqrt(values) @ vectors.T)
    left, _, right = np.linalg.svd(roots[0] @ between[:cut, cut:] @ roots[1])
    same_up_to_sign_and_scale(solve(views), [roots[0] @ left[:, :COUNT], roots[1] @ right.T[:, :COUNT]])


def test_at_most_as_many_directions_as_the_narrowest_view_has_features():
    fitted = MCCA(ridge=0.1, components=50).fit(split(60, 0), None, run())
    assert {z.shape for z in fitted.at(LAST_EPOCH).transform(split(5, 2).views).values()} == {(5, min(DIMS.values()))}


def test_more_features_than_samples():
    dims = {"image": 30, "text": 25}
    fitted = MCCA(ridge=0.1, components=3).fit(split(15, 0, dims), None, run())
    assert all(np.isfinite(z).all() for z in fitted.at(LAST_EPOCH).transform(split(5, 1, dims).views).values())


def test_labels_are_never_read():
    train = split(60, 0, THREE)
    before = MCCA(ridge=0.1, components=4).fit(train, split(20, 1, THREE), run()).at(LAST_EPOCH).transform(train.views)
    rng = np.random.default_rng(5)
    for labels in train.labels.values():
        labels[:] = rng.integers(0, 3, len(labels))
    after = MCCA(ridge=0.1, components=4).fit(train, split(20, 1, THREE), run()).at(LAST_EPOCH).transform(train.views)
    for view, z in before.items():
        assert z.shape == (60, 4)
        np.testing.assert_array_equal(after[view], z)
