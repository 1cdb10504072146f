"""MvDA against its optimality conditions and linear discriminant analysis."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from pipeline.core.criteria import LAST_EPOCH
from pipeline.core.runs import Need
from tests.methods.test_linear import by_loops
from tests.support.linear import awkward, given, same_up_to_sign, score, solve
from tests.support.paired import DIMS, THREE, make, relabelled, run, split

ONE = {"energy": 1.0, "ridge": 0.1}
BOTH = pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])


def scaled(views):
    """Each view with total variance 1, and the factors."""
    scales = [1 / np.sqrt(np.square(x).sum() / len(x)) for x in views]
    return [x * scale for x, scale in zip(views, scales, strict=True)], scales


@BOTH
def test_optimality_conditions(dims):
    views, labels = given(60, dims)
    units, scales = scaled(views)
    within, between = by_loops(units, labels)
    within += 0.1 * np.trace(within) / len(within) * np.eye(len(within))
    w = np.vstack([w / s for w, s in zip(solve("mvda", views, labels, **ONE), scales, strict=True)])
    np.testing.assert_allclose(w.T @ within @ w, np.eye(2), atol=1e-9)
    rho = np.diag(w.T @ between @ w)
    np.testing.assert_allclose(between @ w, within @ w * rho, atol=1e-8)
    largest = np.sort(np.linalg.eigvals(np.linalg.solve(within, between)).real)[::-1]
    np.testing.assert_allclose(rho, largest[:2], atol=1e-8)
    np.testing.assert_allclose(largest[2:], 0, atol=1e-8)


def test_one_view_is_linear_discriminant_analysis():
    """Without a ridge that counts, on one view, the directions are those of scikit-learn."""
    (x, _), (y, _) = given()
    (w,) = solve("mvda", [x], [y], **ONE | {"ridge": 1e-10})
    same_up_to_sign(x @ w, LinearDiscriminantAnalysis(solver="eigen").fit(x, y).transform(x))


def test_units_and_rotations_of_a_view_do_not_count():
    views, labels = given(60, THREE)
    rotation, _ = np.linalg.qr(np.random.default_rng(2).standard_normal((12, 12)))
    changed = [views[0] @ rotation, 1000 * views[1], views[2]]
    expected, result = (
        np.vstack([x @ w for x, w in zip(given_, solve("mvda", given_, labels, **ONE), strict=True)])
        for given_ in (views, changed)
    )
    same_up_to_sign(result, expected)


def test_pairs_and_the_order_of_samples_do_not_count():
    views, labels = given()
    order = np.random.default_rng(4).permutation(len(labels[1]))
    expected = solve("mvda", views, labels, **ONE)
    shuffled = solve("mvda", [views[0], views[1][order]], [labels[0], labels[1][order]], **ONE)
    same_up_to_sign(np.vstack(shuffled), np.vstack(expected))


def test_views_may_differ_in_their_samples():
    views, labels = given()
    short = views[1][:40] - views[1][:40].mean(axis=0)
    projections = solve("mvda", [views[0], short], [labels[0], labels[1][:40]], **ONE)
    assert [w.shape for w in projections] == [(12, 2), (8, 2)]


def test_the_names_of_classes_do_not_count():
    views, labels = given()
    renamed = [np.array([2, 0, 1])[y] for y in labels]
    expected, result = (np.vstack(solve("mvda", views, y, **ONE)) for y in (labels, renamed))
    same_up_to_sign(result, expected)


def test_each_view_is_read_with_its_own_labels():
    views, labels = given()
    expected, swapped = (solve("mvda", views, y, **ONE) for y in (labels, labels[::-1]))
    assert not np.allclose(np.abs(swapped[0]), np.abs(expected[0]))


@pytest.mark.parametrize("case", awkward())
def test_awkward_data(case):
    data = awkward()[case]
    for energy in (0.98, 1.0):
        fitted = make("mvda", energy=energy).fit(data, None, run())
        assert all(np.isfinite(z).all() for z in fitted.at(LAST_EPOCH).transform(data.views).values())


@BOTH
def test_retrieves(dims):
    train, test = split(200, 0, dims), split(150, 2, dims)
    assert score("mvda", train, test) > 0.85
    assert score("mvda", relabelled(train, 5, 0.4), test) > 0.8


def test_needs():
    assert make("mvda").needs == {Need.LABELS}
