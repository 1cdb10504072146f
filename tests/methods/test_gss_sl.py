"""GSS-SL against ridge regression with an intercept."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from pipeline.core.criteria import LAST_EPOCH
from pipeline.core.runs import Need
from tests.support.linear import awkward, given, score, solve
from tests.support.paired import CLASSES, DIMS, THREE, make, relabelled, run, split

BOTH = pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])


@BOTH
@pytest.mark.parametrize("ridge", [0.01, 10.0])
def test_solves_the_regularised_least_squares(dims, ridge):
    """(X'X + g I) U = X'Y, with g relative to the mean diagonal entry of X'X and Y counted out sample by sample."""
    views, labels = given(60, dims)
    for x, y, u in zip(views, labels, solve("gss_sl", views, labels, ridge=ridge), strict=True):
        target = np.zeros((len(x), CLASSES))
        for row, label in zip(target, y, strict=True):
            row[label] = 1
        g = ridge * np.mean([column @ column for column in x.T])
        np.testing.assert_allclose((x.T @ x + g * np.eye(x.shape[1])) @ u, x.T @ target, atol=1e-9)


@BOTH
def test_the_embedding_is_the_prediction_less_the_class_shares(dims):
    train, test = relabelled(split(60, 0, dims), 8, 0.3), split(20, 1, dims)
    embeddings = make("gss_sl", ridge=0.5).fit(train, None, run()).at(LAST_EPOCH).transform(test.views)
    for view, x in train.views.items():
        x, target = x.astype(np.float64), np.eye(CLASSES)[train.labels[view]]
        g = 0.5 * x.var(axis=0).mean() * len(x)
        predicted = Ridge(alpha=g).fit(x, target).predict(test.views[view].astype(np.float64))
        np.testing.assert_allclose(embeddings[view] + target.mean(axis=0), predicted, atol=1e-8)
        np.testing.assert_allclose(embeddings[view].sum(axis=1), 0, atol=1e-8)


def test_rotations_and_units_of_a_view_do_not_count():
    views, labels = given()
    rotation, _ = np.linalg.qr(np.random.default_rng(2).standard_normal((12, 12)))
    changed = [views[0] @ rotation, 1000 * views[1]]
    expected, result = (
        [x @ u for x, u in zip(given_, solve("gss_sl", given_, labels, ridge=1.0), strict=True)]
        for given_ in (views, changed)
    )
    for one, other in zip(result, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)


def test_a_view_depends_on_its_own_labels_alone():
    views, labels = given()
    expected = solve("gss_sl", views, labels, ridge=1.0)
    result = solve("gss_sl", views, [labels[0], (labels[1] + 1) % CLASSES], ridge=1.0)
    np.testing.assert_array_equal(result[0], expected[0])
    assert not np.allclose(result[1], expected[1])


@pytest.mark.parametrize("case", awkward())
def test_awkward_data(case):
    data = awkward()[case]
    fitted = make("gss_sl").fit(data, None, run())
    assert all(np.isfinite(z).all() for z in fitted.at(LAST_EPOCH).transform(data.views).values())
    assert len({z.shape for z in fitted.at(LAST_EPOCH).transform(data.views).values()}) == 1


@BOTH
def test_retrieves(dims):
    train, test = split(200, 0, dims), split(150, 2, dims)
    assert score("gss_sl", train, test, ridge=1.0) > 0.85
    assert score("gss_sl", relabelled(train, 5, 0.4), test, ridge=1.0) > 0.8


def test_what_it_is_stands_in_its_name():
    method = make("gss_sl")
    assert "re-implementation" in method.display
    assert method.needs == {Need.LABELS}
