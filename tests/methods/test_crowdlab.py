"""CROWDLAB against cleanlab, against its formula by hand, and annotators whose labels must be mended."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from cleanlab.multiannotator import get_label_quality_multiannotator, get_majority_vote_label

from pipeline.methods.base.soft_regression import GaussianFeatures, SoftRegression, principal
from pipeline.methods.base.targets import FOLDS, PENALTIES, fold_generator
from pipeline.methods.crowdlab import STEPS, crowdlab, held_out
from tests.support.annotators import simulated, vote_accuracy
from tests.support.paired import CLASSES, DIMS, THREE, make, relabelled, run, split

RELIABILITIES = [np.array([0.6, 0.5]), np.array([0.8, 0.4, 0.3]), np.array([0.9, 0.7, 0.5, 0.3, 0.25])]


def opinionated(truth, classes, sharpness=1.5, seed=1):
    """n x K probabilities of a classifier that knows something of the truth."""
    logits = np.random.default_rng(seed).standard_normal((len(truth), classes))
    odds = np.exp(logits + sharpness * np.eye(classes)[truth])
    return odds / odds.sum(axis=1, keepdims=True)


def by_cleanlab(labels, predicted, method):
    """As its users call it."""
    return get_label_quality_multiannotator(labels, predicted, consensus_method=method, verbose=False)


def slow_posterior(labels, predicted, consensus):
    """The paper's weights and mixture, annotator by annotator and sample by sample."""
    (samples, annotators), classes = labels.shape, predicted.shape[1]
    likelihood = np.mean([np.mean(row == consensus[i]) for i, row in enumerate(labels)])
    commonest = max(np.mean(consensus == y) for y in range(classes))
    weights = []
    for v in range(annotators):
        others = [np.mean(labels[:, v] == labels[:, other]) for other in range(annotators) if other != v]
        weights.append(max(1 - (1 - np.mean(others)) / (1 - commonest), 1e-6))
    model_error = np.mean(predicted.argmax(axis=1) != consensus)
    model = max(1 - model_error / (1 - commonest), 1e-6) * np.sqrt(annotators)
    posterior = np.zeros((samples, classes))
    for i, row in enumerate(labels):
        for y in range(classes):
            said = [likelihood if given == y else (1 - likelihood) / (classes - 1) for given in row]
            posterior[i, y] = model * predicted[i, y] + sum(w * p for w, p in zip(weights, said, strict=True))
    return posterior / (model + sum(weights))


@pytest.mark.parametrize("reliability", RELIABILITIES)
def test_consensus_and_quality_are_cleanlabs(reliability):
    truth, labels = simulated(300, reliability, classes=4)
    predicted = opinionated(truth, 4)
    before = predicted.copy()
    posterior, quality = crowdlab(labels, predicted)
    np.testing.assert_array_equal(predicted, before)
    final, first = by_cleanlab(labels, predicted, "best_quality"), by_cleanlab(labels, predicted, "majority_vote")
    np.testing.assert_array_equal(posterior.argmax(axis=1), final["label_quality"]["consensus_label"])
    np.testing.assert_array_equal(quality, final["detailed_label_quality"].to_numpy())
    said = np.take_along_axis(posterior, labels, axis=1)
    np.testing.assert_allclose(said, first["detailed_label_quality"].to_numpy(), atol=1e-12)


@pytest.mark.parametrize("reliability", RELIABILITIES)
def test_posterior_and_quality_are_the_papers_mixture(reliability):
    truth, labels = simulated(120, reliability, classes=4)
    predicted = opinionated(truth, 4)
    posterior, quality = crowdlab(labels, predicted)
    majority = get_majority_vote_label(labels.astype(float), predicted)
    np.testing.assert_allclose(posterior, slow_posterior(labels, predicted, majority), atol=1e-12)
    final = slow_posterior(labels, predicted, posterior.argmax(axis=1))
    np.testing.assert_allclose(quality, np.take_along_axis(final, labels, axis=1), atol=1e-12)


@pytest.mark.parametrize("reliability", RELIABILITIES)
def test_weights_and_a_classifier_beat_a_vote(reliability):
    """One that is right in 72 % of samples; with one that is not, bad annotators can leave the vote ahead."""
    truth, labels = simulated(1000, reliability, classes=4)
    posterior, _ = crowdlab(labels, opinionated(truth, 4))
    assert np.mean(posterior.argmax(axis=1) == truth) > vote_accuracy(labels, truth) + 0.02


def test_the_classifier_is_ems_on_the_votes_and_the_mean_over_views():
    noisy = relabelled(split(90, 0), 3, 0.4)
    votes = np.mean([np.eye(CLASSES)[y] for y in noisy.labels.values()], axis=0)
    draws = fold_generator(run())
    fold = torch.randperm(90, generator=draws) % FOLDS
    features = [principal(GaussianFeatures(torch.tensor(x), draws)(torch.tensor(x))) for x in noisy.views.values()]
    tried = {}
    for penalty in PENALTIES:
        q = torch.tensor(votes)
        views = [SoftRegression(x, fold, CLASSES, penalty).fit(q, STEPS).numpy() for x in features]
        likelihood = sum(np.sum(votes * log_p) for log_p in views)
        tried[likelihood] = np.mean([np.exp(log_p) for log_p in views], axis=0)
    np.testing.assert_allclose(held_out(noisy, votes, run()), tried[max(tried)], rtol=1e-6)


def test_the_classifier_has_not_seen_the_votes_on_the_sample_that_it_judges(monkeypatch):
    """Other votes on one sample move the opinions about every sample outside its fold, and about none in it.

    The penalty is held fixed and the regressions are run to their end: all votes help to choose it, and on the way
    the folds' descents restart together.
    """
    monkeypatch.setattr("pipeline.methods.crowdlab.PENALTIES", (1e-3,))
    monkeypatch.setattr("pipeline.methods.crowdlab.STEPS", 300)
    data = split(60, 0)
    votes = np.eye(CLASSES)[data.labels["image"]]
    changed = votes.copy()
    changed[7] = np.roll(changed[7], 1)
    moved = np.abs(held_out(data, votes, run()) - held_out(data, changed, run())).max(axis=1) > 1e-5
    fold = (torch.randperm(60, generator=fold_generator(run())) % FOLDS).numpy()
    np.testing.assert_array_equal(moved, fold != fold[7])


@pytest.mark.parametrize("dims", [DIMS, THREE])
def test_wrong_labels_are_found_and_mended(dims):
    clean = split(300, 0, dims)
    noisy = relabelled(clean, 3, 0.5)
    result = make("crowdlab", epochs=1).fit(noisy, None, run())
    truth = clean.labels["image"]
    votes = np.stack(list(noisy.labels.values()), axis=1)
    accuracy = np.mean(result.consensus.posterior.argmax(axis=1) == truth)
    assert accuracy > max(0.9, vote_accuracy(votes, truth) + 0.1)
    predicted = held_out(noisy, np.eye(CLASSES)[votes].mean(axis=1), run())
    authors = by_cleanlab(votes, predicted, "best_quality")["detailed_label_quality"].to_numpy()
    for number, (view, suspicion) in enumerate(result.suspicion().items()):
        np.testing.assert_allclose(suspicion, 1 - authors[:, number], atol=1e-12)
        wrong = noisy.labels[view] != truth
        assert suspicion[wrong].mean() > suspicion[~wrong].mean() + 0.3
        assert result.label_noise().wrong[view] == pytest.approx(suspicion.mean())
    assert not result.label_noise().certain


def test_a_single_annotator_is_the_consensus_and_the_classifier_says_how_good():
    clean = split(200, 0)
    noisy = relabelled(clean, 3, 0.5)
    noisy = replace(noisy, labels=dict.fromkeys(DIMS, noisy.labels["image"]))
    result = make("crowdlab", epochs=1).fit(noisy, None, run())
    hard = np.eye(CLASSES)[noisy.labels["image"]]
    predicted = held_out(noisy, hard, run())
    wrong = noisy.labels["image"] != clean.labels["image"]
    for view, suspicion in result.suspicion().items():
        np.testing.assert_array_equal(result.lesson.targets[view], hard)
        np.testing.assert_allclose(suspicion, 1 - predicted[np.arange(200), noisy.labels[view]])
        assert suspicion[wrong].mean() > suspicion[~wrong].mean() + 0.2


def test_views_with_the_same_labels_are_one_annotator():
    noisy = relabelled(split(120, 0, THREE), 3, 0.5)
    labels = {**noisy.labels, "cloud": noisy.labels["image"]}
    result = make("crowdlab", epochs=1).fit(replace(noisy, labels=labels), None, run())
    suspicion = result.suspicion()
    np.testing.assert_array_equal(suspicion["cloud"], suspicion["image"])
    assert not np.array_equal(suspicion["text"], suspicion["image"])
