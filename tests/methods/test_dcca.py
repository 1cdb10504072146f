"""DCCA: its loss, and that every kept state is projected by the linear CCA of its own weights."""

import numpy as np
import pytest
import torch

from pipeline.core.criteria import BEST_VALIDATION, LAST_EPOCH
from pipeline.core.errors import Diverged
from pipeline.core.runs import Need
from pipeline.learning.loop import Step
from pipeline.learning.losses.canonical import canonical_correlation
from pipeline.methods.base import validation_scores
from tests.support.paired import CLASSES, DIMS, batch_of, make, project, relabelled, run, split

STEP = Step(0, 1, 0, 1)
TRAIN, VALID, TEST = split(60, 0), split(30, 1), split(20, 2)


def inverse_root(matrix):
    values, vectors = np.linalg.eigh(matrix)
    return vectors / np.sqrt(values) @ vectors.T


def raw(method, views):
    with torch.no_grad():
        outputs = method.model({view: torch.tensor(x) for view, x in views.items()})
    return {view: h.double().numpy() for view, h in outputs.items()}


def slow_projection(method, train, views, ridge):
    """Centred by training means, projected by S_i^-1/2 U or V, with the SVD of T from symmetric roots."""
    given = raw(method, train.views)
    means = {view: h.mean(axis=0) for view, h in given.items()}
    one, other = (h - means[view] for view, h in given.items())
    roots = [inverse_root(h.T @ h / (len(h) - 1) + ridge * np.eye(h.shape[1])) for h in (one, other)]
    left, _, right = np.linalg.svd(roots[0] @ (one.T @ other / (len(one) - 1)) @ roots[1])
    weights = dict(zip(given, (roots[0] @ left, roots[1] @ right.T), strict=True))
    return {view: (h - means[view]) @ weights[view] for view, h in raw(method, views).items()}


def assert_same_up_to_signs(result, expected):
    """One sign per direction, the same for both views."""
    result, expected = (np.vstack(list(rows.values())) for rows in (result, expected))
    signs = np.sign((result * expected).sum(axis=0))
    np.testing.assert_allclose(result * signs, expected, atol=2e-3 * np.abs(expected).max())


def test_loss_is_minus_the_sum_of_correlations_of_raw_outputs():
    data, method = batch_of(TRAIN), make("dcca", ridge=0.02)
    model = method.build(DIMS, CLASSES).double()
    for _ in range(2):
        outputs = [model.encoders[view](x) for view, x in data.views.items()]
        terms = method.loss(data, model, STEP)
        assert list(terms) == ["total"]
        assert terms["total"].item() == pytest.approx(-canonical_correlation(*outputs, 0.02).item(), abs=1e-12)
        model.projections.mul_(2)


@pytest.mark.parametrize("criterion", [BEST_VALIDATION, LAST_EPOCH])
def test_every_state_is_projected_by_the_cca_of_its_own_weights(criterion):
    fitted = make("dcca", epochs=8, hidden=[256, 256], batch_size=100, embedding=4, learning_rate=0.02, ridge=1e-3).fit(
        TRAIN, VALID, run()
    )
    scores = [row["valid/mean"] for row in fitted.history]
    assert int(np.argmax(scores)) < 7
    kept = fitted.at(criterion)
    result = kept.transform(TEST.views)
    assert_same_up_to_signs(result, slow_projection(kept, TRAIN, TEST.views, make("dcca").final_ridge))


def test_validation_scores_are_those_of_the_projected_outputs():
    fitted = make("dcca", epochs=5).fit(TRAIN, VALID, run())
    best = max(fitted.history, key=lambda row: row["valid/mean"])
    for criterion, row in ((BEST_VALIDATION, best), (LAST_EPOCH, fitted.history[-1])):
        scores = validation_scores(fitted.at(criterion).transform(VALID.views), VALID)
        assert {name: row[name] for name in scores} == pytest.approx(scores, abs=1e-12)
    unprojected = validation_scores(raw(fitted, VALID.views), VALID)
    assert unprojected["valid/mean"] != pytest.approx(fitted.history[-1]["valid/mean"], abs=1e-3)


def test_training_embeddings_are_centred_with_unit_variance_and_uncorrelated_directions():
    fitted = make("dcca", epochs=5, final_ridge=1e-9).fit(TRAIN, None, run())
    z = {view: rows.astype(np.float64) for view, rows in fitted.at(LAST_EPOCH).transform(TRAIN.views).items()}
    for rows in z.values():
        np.testing.assert_allclose(rows.mean(axis=0), 0, atol=1e-4)
        np.testing.assert_allclose(np.cov(rows.T), np.eye(8), atol=1e-2)
    across = z["image"].T @ z["text"] / (len(TRAIN) - 1)
    np.testing.assert_allclose(across, np.diag(np.diag(across)), atol=1e-2)
    assert (np.diff(np.diag(across)) < 1e-3).all()


def test_training_raises_the_correlation_of_unseen_samples():
    train, test = split(300, 0), split(200, 2)

    def correlation(epochs):
        given = {"batch_size": 100, "embedding": 3, "hidden": [32], "learning_rate": 0.01}
        fitted = make("dcca", epochs=epochs, **given).fit(train, None, run())
        return canonical_correlation(*(torch.tensor(h) for h in raw(fitted, test.views).values()), 1e-4).item()

    assert correlation(10) > correlation(1)
    assert 1.5 < correlation(10) < 3


def test_two_label_sets_give_the_same_bits():
    one, other = (make("dcca").fit(relabelled(TRAIN, seed), VALID, run()) for seed in (3, 4))
    assert one.history == other.history
    for criterion in one.states:
        before, after = (fitted.at(criterion).transform(TEST.views) for fitted in (one, other))
        for view in DIMS:
            np.testing.assert_array_equal(after[view], before[view])


def test_divergence_is_reported_as_such():
    with pytest.raises(Diverged):
        make("dcca", epochs=3, learning_rate=1e30).fit(TRAIN, VALID, run())


def test_tells_nothing_about_labels():
    fitted = make("dcca").fit(TRAIN, None, run())
    assert fitted.suspicion() is None
    assert make("dcca").needs == {Need.PAIRS, Need.TWO_VIEWS}


def test_a_batch_of_the_default_block_holds_several_samples_per_output():
    block = project().settings("dcca", "default", "emoji")
    assert block["batch_size"] >= 3 * block["embedding"]
