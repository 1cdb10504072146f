"""MvDA-VC against the n x n form of its view consistency and its optimality conditions."""

import numpy as np
import pytest

from pipeline.core.criteria import LAST_EPOCH
from pipeline.core.runs import Need
from pipeline.methods.mvda_vc import view_consistency
from tests.methods.test_linear import by_loops
from tests.support.linear import awkward, given, same_up_to_sign, score, solve
from tests.support.paired import DIMS, THREE, make, relabelled, run, split

ONE = {"energy": 1.0, "ridge": 0.1, "consistency": 1.0}
BOTH = pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
EPS = 1e-3


def direct(views, ridge):
    """M from P_v = (X_v X_v' + e I_n)^-1 X_v, n x n inverses and blocks by loops."""
    recovered = []
    for x in views:
        n = len(x)
        recovered.append(np.linalg.inv(x @ x.T + ridge * np.trace(x.T @ x) * np.eye(n)) @ x)
    count = len(views)
    return np.block(
        [
            [(count - 1) * p.T @ p if j == r else -p.T @ q for r, q in enumerate(recovered)]
            for j, p in enumerate(recovered)
        ]
    )


@BOTH
@pytest.mark.parametrize("size", [9, 30], ids=["fewer samples than features", "more samples than features"])
def test_equals_the_direct_form(dims, size):
    views, _ = given(size, dims)
    result, expected = view_consistency(views, EPS), direct(views, EPS)
    np.testing.assert_allclose(result, expected, rtol=1e-7, atol=1e-10 * np.abs(expected).max())


def test_is_the_sum_over_pairs_of_views():
    views, _ = given(20, THREE)
    rng = np.random.default_rng(1)
    parts = [rng.standard_normal(x.shape[1]) for x in views]
    combined = []
    for x, w in zip(views, parts, strict=True):
        combined.append(np.linalg.inv(x @ x.T + EPS * np.trace(x.T @ x) * np.eye(len(x))) @ x @ w)
    expected = sum(np.square(combined[i] - combined[j]).sum() for i in range(3) for j in range(i + 1, 3))
    w = np.concatenate(parts)
    assert w @ view_consistency(views, EPS) @ w == pytest.approx(expected)


def test_b_is_recovered():
    """P_v w_v gives b_v back where w_v = X_v' b_v and b_v lies in the span of the samples."""
    (x, _), _ = given(60)
    b = x @ np.random.default_rng(0).standard_normal(x.shape[1])
    matrix = view_consistency([x, np.zeros((60, 1)) + np.linspace(-1, 1, 60)[:, None]], 1e-12)
    w = np.concatenate([x.T @ b, [0.0]])
    assert w @ matrix @ w == pytest.approx(b @ b, rel=1e-6)


@BOTH
def test_optimality_conditions(dims):
    views, labels = given(60, dims)
    scales = [1 / np.sqrt(np.square(x).sum() / len(x)) for x in views]
    units = [x * scale for x, scale in zip(views, scales, strict=True)]
    within, between = by_loops(units, labels)
    penalty = direct(units, 1e-4)
    bottom = within + np.trace(within) * (0.1 / len(within) * np.eye(len(within)) + penalty / np.trace(penalty))
    w = np.vstack([w / s for w, s in zip(solve("mvda_vc", views, labels, **ONE), scales, strict=True)])
    np.testing.assert_allclose(w.T @ bottom @ w, np.eye(2), atol=1e-8)
    rho = np.diag(w.T @ between @ w)
    np.testing.assert_allclose(between @ w, bottom @ w * rho, atol=1e-7)
    np.testing.assert_allclose(rho, np.sort(np.linalg.eigvals(np.linalg.solve(bottom, between)).real)[::-1][:2])


def test_without_consistency_it_is_mvda():
    views, labels = given(60, THREE)
    result = solve("mvda_vc", views, labels, **ONE | {"consistency": 1e-12})
    expected = solve("mvda", views, labels, energy=1.0, ridge=0.1)
    same_up_to_sign(np.vstack(result), np.vstack(expected))


def test_views_grow_consistent_with_alpha():
    views, labels = given()
    costs = []
    for alpha in (0.01, 1.0, 100.0):
        w = np.vstack(solve("mvda_vc", views, labels, **ONE | {"consistency": alpha}))[:, 0]
        within, _ = by_loops(views, labels)
        costs.append(w @ direct(views, 1e-4) @ w / (w @ within @ w))
    assert costs[0] > costs[1] > costs[2]


def test_units_do_not_count():
    views, labels = given()
    changed = [views[0], 1000 * views[1]]
    expected, result = (
        np.vstack([x @ w for x, w in zip(given_, solve("mvda_vc", given_, labels, **ONE), strict=True)])
        for given_ in (views, changed)
    )
    same_up_to_sign(result, expected)


def test_pairs_count():
    views, labels = given()
    order = np.random.default_rng(4).permutation(len(labels[1]))
    expected = np.vstack(solve("mvda_vc", views, labels, **ONE))
    shuffled = np.vstack(solve("mvda_vc", [views[0], views[1][order]], [labels[0], labels[1][order]], **ONE))
    assert not np.allclose(np.abs(shuffled), np.abs(expected), rtol=1e-3)


@pytest.mark.parametrize("case", awkward())
def test_awkward_data(case):
    data = awkward()[case]
    for energy in (0.98, 1.0):
        fitted = make("mvda_vc", energy=energy).fit(data, None, run())
        assert all(np.isfinite(z).all() for z in fitted.at(LAST_EPOCH).transform(data.views).values())


@BOTH
def test_retrieves(dims):
    train, test = split(200, 0, dims), split(150, 2, dims)
    assert score("mvda_vc", train, test) > 0.85
    assert score("mvda_vc", relabelled(train, 5, 0.4), test) > 0.8


def test_needs():
    assert make("mvda_vc").needs == {Need.LABELS, Need.PAIRS}
