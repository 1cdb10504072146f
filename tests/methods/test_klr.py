"""Logistic regression against scikit-learn, against its objective's slow gradient, and what it keeps and chooses."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression

from pipeline.core import plugins
from pipeline.core.corruption import Corruption
from pipeline.core.criteria import BEST_VALIDATION, LAST_EPOCH, NOISY_VALIDATION
from pipeline.core.errors import BadInput, BadParams
from pipeline.methods.base import Method, soft_regression
from pipeline.methods.base.targets import EM, MEAN, lesson
from pipeline.methods.klr import KLR
from pipeline.retrieval.match_probability import by_match_probability
from pipeline.runs.extras import TEMPERATURE, posterior_readout
from tests.support.paired import CLASSES, CPU, DIMS, THREE, relabelled, run, slow_map, split

PENALTIES = (1e-3, 1e-2, 1e-1)


def noisy_split(size=90, share=0.3, dims=None):
    return relabelled(split(size, 0, dims), 3, share)


def fitted(train, valid=None, penalties=(1e-2,), noise=None, **changes):
    return KLR(penalties=penalties, **changes).fit(train, valid, run(valid_noise=noise))


def scaled(x):
    """Centred float64 rows of mean squared norm 1, as the penalty counts them, and how long they were before."""
    rows = x.astype(np.float64) - x.mean(axis=0, dtype=np.float64)
    length = np.sqrt(np.mean((rows**2).sum(axis=1)))
    return rows / length, length


def kernel(x, other, reference):
    """exp(-squared distance / median squared distance within the reference), pair by pair."""
    within = [((a - b) ** 2).sum() for a in reference for b in reference]
    unit = np.sort(within)[(len(within) - 1) // 2]
    return np.array([[np.exp(-((a - b) ** 2).sum() / unit) for b in other] for a in x])


@pytest.mark.parametrize("penalty", [1e-2, 1e-1])
def test_the_linear_kernel_with_hard_labels_is_scikit_learns_regression(penalty):
    """Its C weighs the sum of cross-entropies against |w|^2 / 2: C = 1 / (n penalty) on features of the same length."""
    train, test = noisy_split(), split(20, 2)
    embedder = fitted(train, penalties=(penalty,), kernel="linear").at(LAST_EPOCH)
    probabilities = embedder.transform(test.views)
    for view, x in train.views.items():
        rows, length = scaled(x)
        reference = LogisticRegression(C=1 / (len(train) * penalty), tol=1e-10, max_iter=10_000)
        reference.fit(rows, train.labels[view])
        unseen = (test.views[view] - x.mean(axis=0, dtype=np.float64)) / length
        np.testing.assert_allclose(probabilities[view], reference.predict_proba(unseen), atol=1e-3)


@pytest.mark.parametrize("penalty", [1e-2, 1e-1])
def test_the_gaussian_kernel_is_the_regression_in_its_feature_space(penalty):
    """Features whose inner products are the kernel's values, made by numpy, for scikit-learn."""
    train, test = noisy_split(45), split(12, 2)
    probabilities = fitted(train, penalties=(penalty,)).at(LAST_EPOCH).transform(test.views)
    for view, x in train.views.items():
        x, unseen = x.astype(np.float64), test.views[view].astype(np.float64)
        values, directions = np.linalg.eigh(kernel(x, x, x))
        kept = values > 1e-6 * values.max()
        root = directions[:, kept] / np.sqrt(values[kept])
        features, others = kernel(x, x, x) @ root, kernel(unseen, x, x) @ root
        rows, length = scaled(features)
        reference = LogisticRegression(C=1 / (len(train) * penalty), tol=1e-10, max_iter=10_000)
        reference.fit(rows, train.labels[view])
        expected = reference.predict_proba((others - features.mean(axis=0)) / length)
        np.testing.assert_allclose(probabilities[view], expected, atol=1e-3)


@pytest.mark.parametrize("source", [MEAN, EM])
@pytest.mark.parametrize("penalty", [1e-2, 1e-1])
def test_no_weight_can_be_moved_to_fit_soft_targets_better(source, penalty):
    """The objective, mean cross-entropy with q plus (penalty / 2) |w|^2, has no slope: finite differences."""
    train = noisy_split(40)
    embedder = fitted(train, penalties=(penalty,), kernel="linear", targets=source).at(LAST_EPOCH)
    targets = lesson(source, train, None, run()).targets
    assert any(((q > 0.01) & (q < 0.99)).any() for q in targets.values())
    for view, x in train.views.items():
        rows, length = scaled(x)
        part, q = embedder.parts[view], targets[view]
        bias = part["intercept"] + (x.mean(axis=0, dtype=np.float64) - part["centre"]) @ part["slopes"]
        weights = np.vstack([part["slopes"] * length, bias])

        def objective(w, rows=rows, q=q):
            logits = rows @ w[:-1] + w[-1]
            return penalty / 2 * (w[:-1] ** 2).sum() - (q * log_softmax(logits, axis=1)).sum(axis=1).mean()

        for place in np.ndindex(*weights.shape):
            step = np.zeros_like(weights)
            step[place] = 1e-5
            slope = (objective(weights + step) - objective(weights - step)) / 2e-5
            assert abs(slope) < 1e-4, place
        assert objective(weights) < objective(np.zeros_like(weights)) - 0.01


def test_each_view_has_a_classifier_of_its_own():
    """One view's features and labels change nothing in another view."""
    train = noisy_split(60)
    text = {"views": {**train.views, "text": train.views["text"][::-1].copy()}}
    one, other = (fitted(data, kernel="linear").at(LAST_EPOCH) for data in (train, replace(train, **text)))
    np.testing.assert_array_equal(one.parts["image"]["slopes"], other.parts["image"]["slopes"])
    assert not np.allclose(one.parts["text"]["slopes"], other.parts["text"]["slopes"])


@pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
@pytest.mark.parametrize("kernel_name", ["gaussian", "linear"])
def test_samples_are_embedded_as_their_class_probabilities(kernel_name, dims):
    test = split(15, 2, dims)
    embedder = fitted(noisy_split(dims=dims), kernel=kernel_name).at(LAST_EPOCH)
    scores = embedder.class_scores(test.views)
    assert dict(embedder.dims) == dims
    for view, z in embedder.transform(test.views).items():
        assert z.shape == (15, CLASSES)
        np.testing.assert_allclose(z, softmax(scores[view], axis=1))
        assert np.mean(z.argmax(axis=1) == test.labels[view]) > 0.6


@pytest.mark.parametrize("kernel_name", ["gaussian", "linear"])
def test_a_restored_state_says_the_same(kernel_name):
    test = split(15, 2)
    embedder = fitted(noisy_split(), kernel=kernel_name).at(LAST_EPOCH)
    state = embedder.state()
    names = {"centre", "slopes", "intercept"} | ({"landmarks", "unit"} if kernel_name == "gaussian" else set())
    assert set(state) == {f"{name}.{view}" for name in names for view in DIMS}
    again = KLR(penalties=(1.0,), kernel=kernel_name).restore(DIMS, CLASSES, state, CPU)
    for view in DIMS:
        np.testing.assert_array_equal(again.transform(test.views)[view], embedder.transform(test.views)[view])
        np.testing.assert_array_equal(again.class_scores(test.views)[view], embedder.class_scores(test.views)[view])


def test_a_state_of_other_widths_or_another_kernel_is_refused():
    state = fitted(noisy_split()).at(LAST_EPOCH).state()
    with pytest.raises(BadInput, match="the method was fitted on n x 12"):
        KLR(penalties=(1.0,)).restore({**DIMS, "image": 7}, CLASSES, state, CPU)
    with pytest.raises(ValueError, match="mismatch"):
        KLR(penalties=(1.0,), kernel="linear").restore(DIMS, CLASSES, state, CPU)
    linear = fitted(noisy_split(), kernel="linear").at(LAST_EPOCH).state()
    with pytest.raises(KeyError, match="landmarks"):
        KLR(penalties=(1.0,)).restore(DIMS, CLASSES, linear, CPU)


def test_suspicion_is_what_the_classifiers_leave_to_other_classes():
    train, valid = noisy_split(), split(30, 1)
    fit = fitted(train, valid, penalties=PENALTIES)
    suspicion = fit.suspicion()
    probabilities = fit.at(BEST_VALIDATION).transform(train.views)
    for view, given in train.labels.items():
        expected = [1 - p[label] for p, label in zip(probabilities[view], given, strict=True)]
        np.testing.assert_allclose(suspicion[view], expected)
        wrong = given != split(90, 0).labels[view]
        assert suspicion[view][wrong].mean() > suspicion[view][~wrong].mean() + 0.1
    assert fit.label_noise() is None


def test_clean_and_noisy_validation_choose_the_penalty_with_the_highest_map():
    """A mismatched validation split: its texts stand at other places, so its pairs and labels differ from the clean."""
    train, valid = noisy_split(share=0.5), split(30, 1, pull=0.7)
    penalties = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
    single = {penalty: fitted(train, penalties=(penalty,)).at(LAST_EPOCH) for penalty in penalties}
    chosen = set()
    for seed in range(8):
        rows = np.random.default_rng(seed).permutation(30)
        noise = Corruption({**relabelled(valid, seed, 0.8).labels}, {"text": rows})
        fit = fitted(train, valid, penalties, noise)
        assert fit.states == (BEST_VALIDATION, NOISY_VALIDATION, LAST_EPOCH)
        clean, noisy = {}, {}
        for penalty, embedder in single.items():
            z = embedder.transform(valid.views)
            clean[penalty] = slow_map(z, valid.labels)
            noisy[penalty] = slow_map({"image": z["image"], "text": z["text"][rows]}, noise.labels)
        for criterion, scores in ((BEST_VALIDATION, clean), (NOISY_VALIDATION, noisy)):
            best = single[max(scores, key=scores.get)]
            np.testing.assert_array_equal(fit.at(criterion).parts["image"]["slopes"], best.parts["image"]["slopes"])
        chosen.add((max(clean, key=clean.get), max(noisy, key=noisy.get)))
    assert any(clean != noisy for clean, noisy in chosen)


def test_without_validation_the_likelihood_of_unseen_targets_chooses():
    """Of three penalties, one that follows every wrong label and one that forbids any slope lose."""
    train = noisy_split(share=0.5)
    fit = fitted(train, penalties=(1e-6, 1e-1, 1e4))
    assert fit.states == (LAST_EPOCH,)
    assert fit.chosen_by is None
    middle = fitted(train, penalties=(1e-1,)).at(LAST_EPOCH)
    np.testing.assert_array_equal(fit.at(LAST_EPOCH).parts["text"]["slopes"], middle.parts["text"]["slopes"])


def test_validation_never_chooses_the_last_state():
    train, valid = noisy_split(), split(30, 1)
    with_it, other, without = (fitted(train, v, PENALTIES) for v in (valid, relabelled(valid, 5), None))
    assert with_it.states == (BEST_VALIDATION, LAST_EPOCH)
    assert with_it.chosen_by is valid
    for fit in (with_it, other):
        for name, array in without.at(LAST_EPOCH).state().items():
            np.testing.assert_array_equal(fit.at(LAST_EPOCH).state()[name], array)


def test_it_can_be_read_by_match_probability():
    valid, test = split(30, 1), split(12, 2)
    fit = fitted(noisy_split(), valid, PENALTIES)
    read = posterior_readout(fit, test)
    scores = fit.at(BEST_VALIDATION).class_scores(test.views)
    expected = by_match_probability(scores, float(read[TEMPERATURE]))
    np.testing.assert_allclose(read["image"], expected["image"], atol=1e-6)


@pytest.mark.parametrize("wrong", [(), (0.0,), (-1e-3,)])
def test_penalties_are_positive_and_at_least_one(wrong):
    with pytest.raises(BadParams, match="penalties"):
        plugins.build("pipeline.methods", "klr", Method, {"penalties": wrong})


def test_no_more_than_so_many_training_samples_span_the_kernel(monkeypatch):
    monkeypatch.setattr(soft_regression, "LANDMARKS", 20)
    train, test = noisy_split(), split(30, 2)
    embedder = fitted(train).at(LAST_EPOCH)
    for view, dim in DIMS.items():
        landmarks = embedder.parts[view]["landmarks"] + embedder.parts[view]["centre"]
        assert landmarks.shape == (20, dim)
        distances = np.abs(landmarks[:, None] - train.views[view][None]).max(axis=2)
        assert distances.min(axis=1).max() < 1e-5
        assert embedder.parts[view]["slopes"].shape == (20, CLASSES)
        assert np.mean(embedder.transform(test.views)[view].argmax(axis=1) == test.labels[view]) > 0.6


def test_a_view_that_says_nothing_gives_every_sample_the_shares_of_the_classes():
    train = noisy_split()
    constant = replace(train, views={**train.views, "text": np.full_like(train.views["text"], 0.1)})
    shares = np.bincount(train.labels["text"], minlength=CLASSES) / len(train)
    probabilities = fitted(constant, kernel="linear").at(LAST_EPOCH).transform(constant.views)["text"]
    np.testing.assert_allclose(probabilities, np.tile(shares, (len(train), 1)), atol=1e-3)


def test_a_class_without_a_training_sample_stays_possible():
    train = noisy_split()
    absent = replace(train, labels={view: np.where(y == 1, 2, y) for view, y in train.labels.items()})
    for p in fitted(absent).at(LAST_EPOCH).transform(train.views).values():
        assert p.shape == (len(train), CLASSES)
        assert 0 < p[:, 1].max() < 0.1
