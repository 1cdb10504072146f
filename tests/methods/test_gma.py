"""GMA against its optimality conditions, built by loops without the reduction."""

import numpy as np
import pytest

from pipeline.core.criteria import LAST_EPOCH
from pipeline.core.runs import Need
from tests.support.linear import awkward, given, same_up_to_sign, score, solve
from tests.support.paired import make, relabelled, run, split

ONE = {"energy": 1.0, "ridge": 0.1, "coupling": 3.0}


def one_view(x, labels):
    """Between- and within-class scatter of one view: X'QX and X'(I - Q)X, Q_ij = 1 / n_c for two of the same class."""
    q = np.array([[float(a == b) / (labels == a).sum() for b in labels] for a in labels])
    return x.T @ q @ x, x.T @ (np.eye(len(x)) - q) @ x


def problem(views, labels, ridge=0.1, coupling=3.0, mu=1.0):
    """Both sides of the eigenvalue problem, each view scaled to total variance 1, no PCA; and the scales."""
    scales = [1 / np.sqrt(np.square(x).sum() / len(x)) for x in views]
    first, second = (x * scale for x, scale in zip(views, scales, strict=True))
    (a1, b1), (a2, b2) = (one_view(x, y) for x, y in zip((first, second), labels, strict=True))
    b1, b2 = (b + ridge * np.trace(b) / len(b) * np.eye(len(b)) for b in (b1, b2))
    zero = np.zeros((len(b1), len(b2)))
    cross = coupling * first.T @ second
    top = np.block([[a1, cross], [cross.T, mu * a2]])
    return top, np.block([[b1, zero], [zero.T, np.trace(b1) / np.trace(b2) * b2]]), scales


@pytest.mark.parametrize("mu", [1.0, 2.0])
def test_optimality_conditions(mu):
    views, labels = given()
    top, bottom, scales = problem(views, labels, mu=mu)
    stacked = np.vstack([w / s for w, s in zip(solve("gma", views, labels, mu=mu, **ONE), scales, strict=True)])
    np.testing.assert_allclose(stacked.T @ bottom @ stacked, np.eye(2), atol=1e-9)
    rho = np.diag(stacked.T @ top @ stacked)
    np.testing.assert_allclose(top @ stacked, bottom @ stacked * rho, atol=1e-8)
    largest = np.sort(np.linalg.eigvals(np.linalg.solve(bottom, top)).real)[::-1]
    np.testing.assert_allclose(rho, largest[:2], atol=1e-8)


def test_as_many_directions_as_classes_less_one():
    views, labels = given()
    assert {w.shape[1] for w in solve("gma", views, labels, **ONE)} == {2}


def test_units_and_rotations_of_a_view_do_not_count():
    views, labels = given()
    rotation, _ = np.linalg.qr(np.random.default_rng(2).standard_normal((12, 12)))
    expected = [x @ w for x, w in zip(views, solve("gma", views, labels, **ONE), strict=True)]
    changed = [views[0] @ rotation, 1000 * views[1]]
    result = [x @ w for x, w in zip(changed, solve("gma", changed, labels, **ONE), strict=True)]
    for one, other in zip(result, expected, strict=True):
        same_up_to_sign(one, other)


def test_views_may_change_places_up_to_their_weights():
    """gamma weighs the second view; with within-class scatters of one trace the order of views does not count."""
    views, labels = given()
    twin = [views[0], views[0][:, ::-1]]
    same = [labels[0], labels[0]]
    first, second = solve("gma", twin, same, **ONE)
    np.testing.assert_allclose(np.abs(first), np.abs(second[::-1]), atol=1e-8)


def test_coupling_ties_the_pairs():
    """The larger lambda, the more the projections of pairs correlate."""
    views, labels = given()
    correlations = []
    for coupling in (0.01, 100.0):
        first, second = (
            x @ w[:, :1]
            for x, w in zip(views, solve("gma", views, labels, **ONE | {"coupling": coupling}), strict=True)
        )
        correlations.append(float(np.corrcoef(first.T, second.T)[0, 1]))
    assert correlations[1] > correlations[0]


def test_each_view_is_read_with_its_own_labels():
    views, labels = given()
    swapped = solve("gma", views, labels[::-1], **ONE)
    assert not np.allclose(np.abs(swapped[0]), np.abs(solve("gma", views, labels, **ONE)[0]))


@pytest.mark.parametrize("case", awkward())
def test_awkward_data(case):
    data = awkward()[case]
    for energy in (0.95, 1.0):
        fitted = make("gma", energy=energy).fit(data, None, run())
        assert all(np.isfinite(z).all() for z in fitted.at(LAST_EPOCH).transform(data.views).values())


def test_retrieves():
    train, test = split(200, 0), split(150, 2)
    clean, noisy = score("gma", train, test), score("gma", relabelled(train, 5, 0.4), test)
    assert clean > 0.85
    assert noisy > 0.8


def test_pairs_still_help_where_labels_say_nothing():
    """The coupling reads no label: with labels that are all drawn anew retrieval stays far above chance."""
    train, test = split(200, 0), split(150, 2)
    assert score("gma", relabelled(train, 5), test) > 0.8 > 0.5 > score("mvda", relabelled(train, 5), test)


def test_needs():
    assert make("gma").needs == {Need.LABELS, Need.PAIRS, Need.TWO_VIEWS}
