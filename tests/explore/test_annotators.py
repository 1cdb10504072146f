"""Any number of annotators with gaps: who is right how often, and what is the class."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import dirichlet_multinomial

from pipeline.core.datasets import Annotations
from pipeline.core.errors import BadInput
from pipeline.core.progress import quiet
from pipeline.core.splits import Array, Split
from pipeline.explore.annotators.heard import csv_of, heard, sentence
from pipeline.explore.annotators.label_model import Belief, by_labels, by_labels_and_features
from pipeline.explore.annotators.transitions import STRENGTHS, quality, symmetric, towards_symmetric
from pipeline.explore.annotators.votes import Votes
from pipeline.explore.suspects.cross_fit import judge
from pipeline.methods.witness import Witness
from tests.support.annotators import simulated

pytestmark = pytest.mark.usefixtures("one_process")
CPU = torch.device("cpu")
COUNT, CLASSES = 600, 4


def rows(true: Array, distance: float = 2.0, seed: int = 0) -> dict[str, Array]:
    """Two views, independent given the class; the classes lie 1.4 distances apart, with unit spread."""
    rng = np.random.default_rng(seed)
    means = distance * np.eye(CLASSES, 8)
    return {view: (means[true] + rng.standard_normal((len(true), 8))).astype("f4") for view in ("image", "text")}


def both(table: Array, views: dict[str, Array], seed: int = 0) -> Belief:
    return by_labels_and_features(table, CLASSES, views, torch.Generator().manual_seed(seed), CPU)


def with_gaps(table: Array, kept: int, seed: int = 0) -> Array:
    """Every sample keeps the labels of so many annotators."""
    order = np.random.default_rng(seed).random(table.shape).argsort(axis=1)
    return np.where(order < kept, table, -1)


def right(belief: Belief) -> Array:
    return np.array([one.right for one in belief.annotators])


def test_evidence_and_counts_are_what_loops_over_the_table_give() -> None:
    rng = np.random.default_rng(0)
    table = rng.integers(-1, CLASSES, (20, 3))
    table[4] = -1
    transitions = rng.dirichlet(np.ones(CLASSES), (3, CLASSES))
    q = rng.dirichlet(np.ones(CLASSES), 20)
    evidence, counts, shares = np.zeros((20, CLASSES)), np.zeros((3, CLASSES, CLASSES)), np.zeros((20, CLASSES))
    for i, said in enumerate(table):
        for a, label in enumerate(said):
            if label >= 0:
                evidence[i] += np.log(transitions[a, :, label])
                counts[a, :, label] += q[i]
                shares[i, label] += 1 / (said >= 0).sum()
    shares[(table < 0).all(axis=1)] = 1 / CLASSES
    votes = Votes.of(table, CLASSES, CPU)
    np.testing.assert_allclose(votes.evidence(torch.tensor(transitions)), evidence)
    np.testing.assert_allclose(votes.counts(torch.tensor(q)), counts)
    np.testing.assert_allclose(votes.shares(), shares)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [(np.full((3, 2), -1), "there are no labels"), (np.array([[0, 4]]), "labels go from 0 to 4, there are 4 classes")],
)
def test_a_table_that_is_none_is_refused(table: Array, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        Votes.of(table, CLASSES, CPU)


def test_the_strength_of_the_prior_is_the_likeliest_one() -> None:
    counts = torch.tensor(np.random.default_rng(0).integers(0, 30, (2, CLASSES, CLASSES)), dtype=torch.float64)
    prior = symmetric(quality(counts), CLASSES).numpy()
    _, strengths = towards_symmetric(counts)
    for annotator, strength in enumerate(strengths.tolist()):
        evidence = [
            sum(
                dirichlet_multinomial.logpmf(row.astype(int), s * mean, int(row.sum()))
                for row, mean in zip(counts[annotator].numpy(), prior[annotator], strict=True)
            )
            for s in STRENGTHS
        ]
        assert strength == STRENGTHS[int(np.argmax(evidence))]


def test_even_mistakes_keep_the_symmetric_matrix_and_a_class_map_does_not() -> None:
    truth, labels = simulated(4000, np.array([0.7]), CLASSES)
    mapped = np.where(np.random.default_rng(1).random(4000) < 0.3, (truth + 1) % CLASSES, truth)
    table = np.stack([labels[:, 0], mapped], axis=1)
    counts = Votes.of(table, CLASSES, CPU).counts(torch.eye(CLASSES, dtype=torch.float64)[truth])
    transitions, strengths = towards_symmetric(counts)
    assert strengths[0] >= 1e3 > strengths[1]
    np.testing.assert_allclose(transitions[0], symmetric(torch.tensor([0.7]), CLASSES)[0], atol=0.02)
    np.testing.assert_allclose(transitions[1].diagonal(), 0.7, atol=0.04)
    np.testing.assert_allclose(transitions[1, 0, 1], 0.3, atol=0.04)


def test_three_annotators_with_gaps_are_told_apart_by_their_labels_alone() -> None:
    reliability = np.array([0.9, 0.75, 0.6])
    _, labels = simulated(4000, reliability, CLASSES)
    belief = by_labels(with_gaps(labels, 2), CLASSES, CPU)
    np.testing.assert_allclose(right(belief), reliability, atol=0.03)
    assert belief.opinion is None
    assert belief.certain
    alone = by_labels(labels[:, :1], CLASSES, CPU)
    assert not alone.certain
    np.testing.assert_array_equal(alone.posterior.argmax(axis=1), labels[:, 0])
    assert (alone.annotators[0].low, alone.annotators[0].high) == (0, 1)


@pytest.mark.parametrize("reliability", [0.85, 0.6, 0.4])
def test_features_tell_how_often_a_single_label_is_right(reliability: float) -> None:
    truth, labels = simulated(1500, np.array([reliability]), CLASSES)
    belief = both(labels, rows(truth))
    one = belief.annotators[0]
    assert abs(one.right - reliability) < 0.05
    assert one.low < one.right < one.high
    assert one.high - one.low < 0.12
    assert (belief.posterior.argmax(axis=1) == truth).mean() > max(0.9, (labels[:, 0] == truth).mean())


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    held = []
    for seed in range(12):
        truth, labels = simulated(COUNT, np.array([0.8, 0.6]), CLASSES, seed)
        belief = both(with_gaps(labels, 1, seed), rows(truth, seed=seed), seed)
        held += [one.low <= p <= one.high for one, p in zip(belief.annotators, (0.8, 0.6), strict=True)]
    assert np.mean(held) >= 0.85


def test_labels_without_a_mistake_are_certain_and_have_an_interval() -> None:
    truth = np.random.default_rng(0).integers(CLASSES, size=200)
    belief = both(np.stack([truth, truth], axis=1), rows(truth, 6.0))
    assert belief.certain
    assert all(0.95 < one.low < 0.99 < one.right <= one.high for one in belief.annotators)


def test_a_class_that_is_taken_for_another_is_found_behind_two_labels() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(CLASSES, size=2000)
    table = np.stack([np.where(rng.random(2000) < 0.4, (truth + 1) % CLASSES, truth) for _ in range(2)], axis=1)
    belief = both(table, rows(truth))
    assert (belief.posterior.argmax(axis=1) == truth).mean() > 0.95
    np.testing.assert_allclose(right(belief), 0.6, atol=0.03)
    taken = belief.transition[:, np.arange(CLASSES), (np.arange(CLASSES) + 1) % CLASSES]
    np.testing.assert_allclose(taken.mean(axis=1), 0.4, atol=0.03)


def test_mistakes_that_annotators_share_are_seen_by_the_features_alone() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(CLASSES, size=2000)
    looks = np.where(rng.random(2000) < 0.15, (truth + rng.integers(1, CLASSES, 2000)) % CLASSES, truth)
    table = np.stack(
        [np.where(rng.random(2000) < 0.1, rng.integers(CLASSES, size=2000), looks) for _ in range(3)], axis=1
    )
    wrong = float(np.mean(table != truth[:, None]))
    blind, seeing = by_labels(table, CLASSES, CPU), both(table, rows(truth, 3.0))
    assert 1 - right(blind).mean() < wrong - 0.1
    assert abs(1 - right(seeing).mean() - wrong) < 0.02
    assert abs(seeing.misled - 0.15) < 0.03
    independent = np.stack([simulated(2000, np.array([0.8]), CLASSES, 9 + n)[1][:, 0] for n in range(2)], axis=1)
    assert both(independent, rows(truth, 3.0)).misled < 0.01


def test_features_that_say_nothing_are_not_asked() -> None:
    truth, labels = simulated(COUNT, np.array([0.8, 0.8, 0.8]), CLASSES)
    noise = {view: x[np.random.default_rng(1).permutation(COUNT)] for view, x in rows(truth).items()}
    belief, alone = both(labels, noise), by_labels(labels, CLASSES, CPU)
    assert belief.opinion is None
    np.testing.assert_array_equal(belief.posterior, alone.posterior)


def test_a_crowd_of_many_with_few_labels_each() -> None:
    reliability = np.random.default_rng(0).uniform(0.4, 0.95, 40)
    truth, labels = simulated(COUNT, reliability, CLASSES)
    table = with_gaps(labels, 3)
    belief = both(table, rows(truth))
    vote = np.array([np.bincount(said[said >= 0], minlength=CLASSES).argmax() for said in table])
    assert (belief.posterior.argmax(axis=1) == truth).mean() > (vote == truth).mean() + 0.05
    assert np.corrcoef(right(belief), reliability)[0, 1] > 0.8
    assert abs(np.mean(1 - right(belief)) - np.mean(1 - reliability)) < 0.03


def test_who_stands_first_does_not_matter_and_a_sample_without_labels_is_judged_by_its_features() -> None:
    truth, labels = simulated(COUNT, np.array([0.9, 0.6]), CLASSES)
    table, views = with_gaps(labels, 1), rows(truth)
    table[:50] = -1
    one, other = both(table, views), both(table[:, ::-1].copy(), views)
    np.testing.assert_allclose(one.posterior, other.posterior, atol=1e-6)
    np.testing.assert_allclose(right(one), right(other)[::-1], atol=1e-6)
    assert (one.posterior[:50].argmax(axis=1) == truth[:50]).mean() > 0.85


def test_suspects_hear_every_annotator_and_say_who_is_good() -> None:
    truth, labels = simulated(COUNT, np.array([0.9, 0.7, 0.5]), CLASSES)
    table = with_gaps(labels, 2)
    table[0] = (CLASSES, -1, 2)  # a name that won for no sample is no class
    names = [*map(str, range(CLASSES)), "neither"]
    vote = np.array([np.bincount(said[said >= 0], minlength=CLASSES)[:CLASSES].argmax() for said in table])
    views = rows(truth)
    pooled = Split(views, dict.fromkeys(views, vote), np.arange(COUNT), CLASSES)
    witness = Witness(epochs=1, batch_size=30, learning_rate=1e-3, hidden=[4], embedding=4)
    judgement = judge(witness, pooled, 0, quiet, Annotations(["anna", "ben", "cleo"], names, table))
    wrong = vote != truth
    assert wrong[np.argsort(-judgement.suspicion["text"])[: wrong.sum()]].mean() > 0.85
    assert (judgement.suggested == truth).mean() > 0.95
    assert judgement.label_noise is not None
    assert abs(judgement.label_noise.wrong["image"] - wrong.mean()) < 0.03
    assert [one.annotator for one in judgement.annotators] == ["anna", "ben", "cleo"]
    np.testing.assert_allclose([one.right for one in judgement.annotators], [0.9, 0.7, 0.5], atol=0.05)
    said = sentence(judgement.annotators)
    assert said.startswith("Share of right labels: from 5")
    assert [name in said for name in ("cleo", "ben", "anna")] == [True, False, True]
    first, *table_rows = csv_of(judgement.annotators).splitlines()
    assert first == "annotator,labels,right,low,high,by_labels,by_features"
    assert [row.split(",")[0] for row in table_rows] == ["cleo", "ben", "anna"]


def test_of_one_annotator_there_is_nothing_to_compare() -> None:
    truth, labels = simulated(COUNT, np.array([0.8]), CLASSES)
    table = np.concatenate([labels, np.full((COUNT, 1), -1)], axis=1)
    rows_of = heard(["anna", "ben"], table, both(table, rows(truth)), CPU)
    assert [one.annotator for one in rows_of] == ["anna"]
    assert sentence(rows_of) == ""
