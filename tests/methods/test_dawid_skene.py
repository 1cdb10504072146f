"""Dawid-Skene: EM against its equations sample by sample, and annotators whose labels must be mended."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.methods.base.targets import one_hot
from pipeline.methods.dawid_skene import dawid_skene
from tests.support.annotators import simulated, vote_accuracy
from tests.support.paired import CLASSES, DIMS, THREE, make, relabelled, run, split


def slow_dawid_skene(labels, classes, rounds):
    """Equations 2.3 to 2.5, from shares of votes, without one matrix product."""
    samples, annotators = labels.shape
    t = [[list(row).count(y) / annotators for y in range(classes)] for row in labels]
    for _ in range(rounds):
        p = [sum(t[i][y] for i in range(samples)) / samples for y in range(classes)]
        pi = {}
        for v in range(annotators):
            for y in range(classes):
                total = sum(t[i][y] for i in range(samples))
                for given in range(classes):
                    said = sum(t[i][y] for i in range(samples) if labels[i, v] == given)
                    pi[v, y, given] = said / total if total else 0.0
        for i, row in enumerate(labels):
            joint = [p[y] * np.prod([pi[v, y, given] for v, given in enumerate(row)]) for y in range(classes)]
            t[i] = [value / sum(joint) for value in joint]
    return np.array(t)


@pytest.mark.parametrize("annotators", [2, 3, 5])
@pytest.mark.parametrize("rounds", [1, 2, 15])
def test_em_is_the_papers(annotators, rounds):
    _, labels = simulated(40, np.full(annotators, 0.6), classes=4)
    np.testing.assert_allclose(dawid_skene(labels, 4, rounds), slow_dawid_skene(labels, 4, rounds), atol=1e-12)


def test_a_class_that_nobody_names_is_never_believed():
    _, labels = simulated(40, np.array([0.6, 0.7, 0.5]), classes=4)
    believed = dawid_skene(labels, 6)
    assert not believed[:, 4:].any()
    np.testing.assert_allclose(believed.sum(axis=1), 1)


def test_good_annotators_outweigh_bad_ones():
    """Nearly as well as by the product of their true error rates, which nothing can beat."""
    reliability = np.array([0.9, 0.85, 0.4, 0.3, 0.3])
    truth, labels = simulated(4000, reliability, classes=4)
    accuracy = np.mean(dawid_skene(labels, 4).argmax(axis=1) == truth)
    evidence = np.zeros((len(truth), 4))
    for given, p in zip(labels.T, reliability, strict=True):
        evidence += np.log(np.where(np.eye(4)[given], p, (1 - p) / 3))
    best = np.mean(evidence.argmax(axis=1) == truth)
    assert vote_accuracy(labels, truth) + 0.05 < accuracy
    assert best - 0.02 < accuracy <= best


def test_one_who_errs_the_same_way_is_understood():
    """An annotator who calls every class by the next one's name knows the class as well as one who is right."""
    truth, labels = simulated(1000, np.array([0.8, 0.8, 0.95, 0.95]), classes=4)
    labels[:, 3] = (labels[:, 3] + 1) % 4
    accuracy = np.mean(dawid_skene(labels, 4).argmax(axis=1) == truth)
    assert accuracy > max(0.97, vote_accuracy(labels, truth) + 0.05)


def test_one_label_per_pair_is_returned():
    noisy = relabelled(split(60, 0), 3, 0.5)
    noisy = replace(noisy, labels=dict.fromkeys(DIMS, noisy.labels["image"]))
    result = make("dawid_skene").fit(noisy, None, run())
    for view, q in result.lesson.targets.items():
        np.testing.assert_array_equal(q, one_hot(noisy.labels, CLASSES)[view])
        assert not result.suspicion()[view].any()
    assert not result.label_noise().certain


def test_features_have_no_say():
    noisy = relabelled(split(60, 0, THREE), 3, 0.4)
    others = replace(noisy, views=split(60, 9, THREE).views)
    one, other = (make("dawid_skene").fit(data, None, run()) for data in (noisy, others))
    np.testing.assert_array_equal(one.consensus.posterior, other.consensus.posterior)


def test_wrong_labels_of_three_views_are_found_and_counted():
    clean = split(600, 0, THREE)
    noisy = relabelled(clean, 3, 0.4)
    result = make("dawid_skene", epochs=1).fit(noisy, None, run())
    believed, noise = result.consensus.posterior, result.label_noise()
    assert noise.certain
    rows = np.arange(len(noisy))
    for view, suspicion in result.suspicion().items():
        np.testing.assert_allclose(suspicion, 1 - believed[rows, noisy.labels[view]])
        wrong = noisy.labels[view] != clean.labels[view]
        assert suspicion[wrong].mean() > suspicion[~wrong].mean() + 0.4
        assert noise.wrong[view] == pytest.approx(wrong.mean(), abs=0.08)
    two = make("dawid_skene", epochs=1).fit(relabelled(split(60, 0), 3, 0.4), None, run())
    assert not two.label_noise().certain
