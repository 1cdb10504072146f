"""PLS against its optimality conditions and cca_zoo."""

import cca_zoo.linear
import numpy as np
import pytest

from pipeline.core.criteria import LAST_EPOCH
from pipeline.core.runs import Need
from pipeline.methods.pls import PLS
from tests.support.paired import DIMS, make, relabelled, run, split

COUNT = 4


def views(dims=DIMS, size=60):
    """Training views, centred, in float64."""
    data = split(size, 0, dims)
    return [x.astype(np.float64) - x.mean(axis=0, dtype=np.float64) for x in data.views.values()]


def solve(centred, scaling="none"):
    return PLS(scaling=scaling, components=8).solve(centred, [])


def deviations(centred):
    return [x.std(axis=0) for x in centred]


@pytest.mark.parametrize("scaling", ["none", "deviation"])
def test_optimality(scaling):
    """U and V are orthonormal, U' C V is diagonal, falling and not negative, and the diagonal is all that C holds."""
    centred = views()
    projections = solve(centred, scaling)
    if scaling == "deviation":
        scales = deviations(centred)
        projections = [scale[:, None] * w for scale, w in zip(scales, projections, strict=True)]
        centred = [x / scale for x, scale in zip(centred, scales, strict=True)]
    (u, v), (first, second) = projections, centred
    between = first.T @ second / len(first)
    for w in (u, v):
        np.testing.assert_allclose(w.T @ w, np.eye(8), atol=1e-12)
    covariance = u.T @ between @ v
    falling = np.diag(covariance)
    np.testing.assert_allclose(covariance, np.diag(falling), atol=1e-11)
    assert (falling >= -1e-12).all()
    assert (np.diff(falling) <= 1e-12).all()
    assert np.square(falling).sum() == pytest.approx(np.square(between).sum())


def test_no_unit_directions_covary_more():
    """Each of many random pairs of unit directions, also orthogonal to the first pair, covaries less."""
    (first, second), (u, v) = views(), solve(views())
    between = first.T @ second / len(first)
    rng = np.random.default_rng(0)
    for result in range(2):
        a, b = (rng.standard_normal((500, len(w))) for w in (u, v))
        a, b = (x - x @ w[:, :result] @ w[:, :result].T for x, w in ((a, u), (b, v)))
        a, b = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (a, b))
        best = u[:, result] @ between @ v[:, result]
        assert np.einsum("ni,ij,nj->n", a, between, b).max() < best


@pytest.mark.parametrize("scaling", ["none", "deviation"])
def test_equals_cca_zoo(scaling):
    """Up to one sign per direction and cca_zoo's scale of it."""
    centred = views()
    given = centred if scaling == "none" else [x / d for x, d in zip(centred, deviations(centred), strict=True)]
    other = cca_zoo.linear.PLS(n_components=COUNT).fit(given)
    ours = [x @ w[:, :COUNT] for x, w in zip(centred, solve(centred, scaling), strict=True)]
    theirs = [x @ w for x, w in zip(given, other.weights_, strict=True)]
    signs = []
    for mine, yours in zip(ours, theirs, strict=True):
        mine, yours = (z / np.linalg.norm(z, axis=0) for z in (mine, yours))
        signs.append(np.sign((mine * yours).sum(axis=0)))
        np.testing.assert_allclose(mine, signs[-1] * yours, atol=1e-8)
    np.testing.assert_array_equal(*signs)
    scaled = [w / np.linalg.norm(w, axis=0) for w in other.weights_]
    between = given[0].T @ given[1] / len(given[0])
    expected = np.diag(scaled[0].T @ between @ scaled[1])
    result = (ours[0] * ours[1]).mean(axis=0)
    np.testing.assert_allclose(result, expected, atol=1e-9)


def test_scaling_makes_units_irrelevant():
    centred = views()
    stretched = [centred[0] * np.linspace(1, 1000, DIMS["image"]), centred[1]]
    for scaling, same in (("deviation", True), ("none", False)):
        one, other = (given[0] @ solve(given, scaling)[0][:, :1] for given in (centred, stretched))
        one, other = (z / np.linalg.norm(z) for z in (one, other))
        assert (abs(float((one * other).sum())) == pytest.approx(1, abs=1e-9)) == same


@pytest.mark.parametrize("value", [0.0, 0.1, 1e4])
@pytest.mark.parametrize("view", list(DIMS))
def test_a_constant_feature_is_left_out_where_deviations_are_made_equal(value, view):
    train, test = split(57, 0), split(10, 2)
    without = {name: np.delete(x, 3, axis=1) if name == view else x for name, x in train.views.items()}
    train.views[view][:, 3] = value
    fitted = make("pls", scaling="deviation").fit(train, None, run())
    assert (fitted.projections.matrices[view][3] == 0).all()
    assert all(np.isfinite(z).all() for z in fitted.at(LAST_EPOCH).transform(test.views).values())
    ours = fitted.at(LAST_EPOCH).transform(train.views)
    train.views.update(without)
    theirs = make("pls", scaling="deviation").fit(train, None, run()).at(LAST_EPOCH).transform(train.views)
    for name, z in ours.items():
        np.testing.assert_allclose(np.abs(z), np.abs(theirs[name]), atol=1e-9)


@pytest.mark.parametrize("count", [2, 50])
def test_the_leading_columns_are_kept(count):
    cut, whole = (PLS(scaling="none", components=c).solve(views(), []) for c in (count, 8))
    for w, full in zip(cut, whole, strict=True):
        np.testing.assert_array_equal(w, full[:, :count])


def test_more_features_than_samples():
    dims = {"image": 30, "text": 25}
    fitted = make("pls", components=3).fit(split(15, 0, dims), None, run())
    assert all(np.isfinite(z).all() for z in fitted.at(LAST_EPOCH).transform(split(5, 1, dims).views).values())


def test_labels_are_never_read():
    train, valid = split(60, 0), split(20, 1)
    before, after = (
        make("pls").fit(relabelled(train, seed), valid, run()).at(LAST_EPOCH).transform(train.views) for seed in (3, 4)
    )
    for view, z in before.items():
        np.testing.assert_array_equal(after[view], z)
    assert make("pls").fit(train, valid, run()).suspicion() is None


def test_is_for_two_views():
    assert make("pls").needs == {Need.PAIRS, Need.TWO_VIEWS}
