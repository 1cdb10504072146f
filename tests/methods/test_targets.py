"""Where labels come from: every source by hand on a few pairs, and methods that learn from each."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.core.corruption import Corruption
from pipeline.core.criteria import BEST_VALIDATION, LAST_EPOCH, NOISY_VALIDATION
from pipeline.core.errors import BadInput
from pipeline.core.splits import Split
from pipeline.methods.base.targets import (
    CHOOSING,
    CLEAN,
    EM,
    MEAN,
    ORACLES,
    OWN,
    SOURCES,
    VALIDATION,
    Lesson,
    lesson,
    one_hot,
    take,
)
from pipeline.methods.ce import CE
from pipeline.methods.klr import KLR
from tests.support.paired import CLASSES, DIMS, THREE, make, relabelled, run, settings, split

TRUTH = ORACLES[0]
RIGHT = {view: np.array([0, 1, 2, 0, 1]) for view in DIMS}
"""Pair 1 has a wrong image label, pair 2 a wrong text label, pair 4 two wrong ones that are the same."""
GIVEN = {"image": np.array([0, 2, 2, 0, 0]), "text": np.array([0, 1, 1, 0, 0])}
VALID = split(23, 1)


def five() -> Split:
    """Five pairs, numbered with gaps, whose features tell which pair they are of."""
    views = {view: np.arange(5.0, dtype=np.float32)[:, None] + np.zeros(dim, "f4") for view, dim in DIMS.items()}
    return Split(views, {view: y.copy() for view, y in GIVEN.items()}, np.array([3, 8, 1, 20, 6]), CLASSES)


def of(source, train=None, valid=VALID, **known):
    return lesson(source, five() if train is None else train, valid, run(**known))


def same_views(one, other):
    assert list(one) == list(other)
    for view, x in one.items():
        np.testing.assert_array_equal(x, other[view])


def test_one_hot_puts_all_probability_on_the_label():
    assert one_hot({"image": np.array([2, 0])}, 3)["image"].tolist() == [[0, 0, 1], [1, 0, 0]]


def test_take_keeps_views_labels_and_positions_together():
    kept = take(five(), np.array([False, True, False, True, False]))
    assert kept.index.tolist() == [8, 20]
    assert kept.labels["image"].tolist() == [2, 0]
    assert kept.labels["text"].tolist() == [1, 0]
    for view, dim in DIMS.items():
        assert kept.views[view].tolist() == [[1.0] * dim, [3.0] * dim]


def test_own_is_the_label_of_each_view():
    learned = of(OWN)
    assert learned.targets["image"].tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 1], [1, 0, 0], [1, 0, 0]]
    assert learned.targets["text"].tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 0], [1, 0, 0], [1, 0, 0]]
    same_views(learned.train.labels, GIVEN)


def test_mean_gives_every_view_the_same_weight():
    learned = of(MEAN)
    half = [[1, 0, 0], [0, 0.5, 0.5], [0, 0.5, 0.5], [1, 0, 0], [1, 0, 0]]
    for view in DIMS:
        assert learned.targets[view].tolist() == half
    same_views(learned.train.labels, GIVEN)  # of classes that are as likely, the view's own label


def test_the_mean_of_three_views_counts_votes():
    train = split(6, 0, THREE)
    labels = {"image": np.array([0, 0, 0, 1, 2, 2]), "text": np.array([0, 0, 1, 1, 0, 2])}
    learned = of(MEAN, replace(train, labels=labels | {"cloud": np.array([0, 1, 2, 1, 2, 0])}), None)
    for q in learned.targets.values():
        np.testing.assert_allclose(q * 3, [[3, 0, 0], [2, 1, 0], [1, 1, 1], [0, 3, 0], [1, 0, 2], [1, 0, 2]])


def test_em_is_what_the_witness_believes():
    noisy = relabelled(split(150, 0), 3, 0.5)
    learned = of(EM, noisy, None)
    witness = make("witness").lesson(noisy, None, run())
    for view in DIMS:
        np.testing.assert_array_equal(learned.targets[view], witness.targets[view])
        np.testing.assert_array_equal(learned.posteriors[view].posterior, learned.targets[view])
        np.testing.assert_array_equal(learned.train.labels[view], learned.targets[view].argmax(axis=1))
        assert learned.posteriors[view].reliability == witness.posteriors[view].reliability
    assert np.mean(learned.train.labels["image"] == split(150, 0).labels["image"]) > 0.95


def test_em_is_the_same_in_every_method_and_follows_the_seed():
    noisy = relabelled(split(60, 0), 3, 0.5)
    first = make("ce", targets=EM).fit(noisy, None, run())
    again, other = (make("mrl", targets=EM).fit(noisy, None, run(seed)) for seed in (0, 1))
    same_views(first.lesson.targets, again.lesson.targets)
    assert not np.array_equal(first.lesson.targets["image"], other.lesson.targets["image"])


def test_the_truth_replaces_every_label():
    learned = of(TRUTH, true=RIGHT)
    same_views(learned.targets, one_hot(RIGHT, CLASSES))
    same_views(learned.train.labels, RIGHT)
    same_views(learned.train.views, five().views)


def test_clean_keeps_the_pairs_that_have_a_right_label_and_gives_it_to_all_views():
    learned = of(CLEAN, true=RIGHT)
    for view, dim in DIMS.items():
        assert learned.train.views[view].tolist() == [[float(pair)] * dim for pair in (0, 1, 2, 3)]
        assert learned.train.labels[view].tolist() == [0, 1, 2, 0]
        assert learned.targets[view].tolist() == np.eye(CLASSES)[[0, 1, 2, 0]].tolist()


def test_views_of_mismatched_pairs_keep_truths_of_their_own():
    true = {"image": np.array([0, 1, 2, 0, 1]), "text": np.array([0, 2, 1, 0, 1])}
    learned = of(CLEAN, true=true)
    same_views(learned.train.labels, {"image": np.array([0, 2, 0]), "text": np.array([0, 1, 0])})


def test_validation_never_trains_on_a_pair_that_chooses():
    learned = of(VALIDATION, valid_noise=Corruption(VALID.labels))
    trained, chose = ({tuple(row) for row in part.views["text"]} for part in (learned.train, learned.valid))
    everyone = {tuple(row) for row in VALID.views["text"]}
    assert not trained & chose
    assert trained | chose == everyone
    assert len(everyone) == len(VALID)
    assert len(learned.valid) == -(-len(VALID) // CHOOSING)
    for part in (learned.train, learned.valid):
        for view in DIMS:
            rows = [VALID.views["text"].tolist().index(row) for row in part.views["text"].tolist()]
            np.testing.assert_array_equal(part.views[view], VALID.views[view][rows])
            np.testing.assert_array_equal(part.labels[view], VALID.labels[view][rows])
    assert learned.valid_noise is None


def test_validation_reads_no_training_pair_and_draws_by_the_seed():
    first, other_train, other_seed = of(VALIDATION), of(VALIDATION, split(40, 9)), of(VALIDATION, seed=1)
    same_views(first.train.views, other_train.train.views)
    same_views(first.targets, other_train.targets)
    assert not np.array_equal(first.train.views["text"], other_seed.train.views["text"])


def test_without_validation_there_is_nothing_clean_to_learn_from():
    with pytest.raises(BadInput, match=r"targets: validation: there are no validation samples to learn from"):
        of(VALIDATION, valid=None)


@pytest.mark.parametrize("source", ORACLES)
def test_oracles_must_be_given_the_truth(source):
    with pytest.raises(AssertionError, match="true labels"):
        of(source)


@pytest.mark.parametrize("source", [source for source in SOURCES if source != VALIDATION])
def test_all_other_sources_leave_validation_to_choose(source):
    noise = Corruption(relabelled(VALID, 2).labels)
    learned = of(source, relabelled(split(60, 0), 3, 0.3), true=split(60, 0).labels, valid_noise=noise)
    assert learned.valid is VALID
    assert learned.valid_noise is noise
    assert bool(learned.posteriors) == (source == EM)


@pytest.mark.parametrize("source", SOURCES)
def test_a_lesson_is_numbered_by_place_and_its_rows_are_probabilities(source):
    noisy = relabelled(split(60, 0), 3, 0.3)
    before = {view: y.copy() for view, y in noisy.labels.items()}
    learned = of(source, replace(noisy, index=noisy.index * 2 + 7), true=split(60, 0).labels)
    assert learned.train.index.tolist() == list(range(len(learned.train)))
    for view, q in learned.targets.items():
        assert q.shape == (len(learned.train), CLASSES)
        np.testing.assert_allclose(q.sum(axis=1), 1)
        np.testing.assert_array_equal(q[np.arange(len(q)), learned.train.labels[view]], q.max(axis=1))
    same_views(noisy.labels, before)


def test_a_lesson_labels_each_pair_with_its_likeliest_class():
    q = np.array([[0.2, 0.5, 0.3], [0.6, 0.4, 0.0], [0.1, 0.2, 0.7], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    learned = Lesson(five(), {"image": q, "text": q[::-1]}, None)
    assert learned.train.labels["image"].tolist() == [1, 0, 2, 0, 2]
    assert learned.train.labels["text"].tolist() == [2, 0, 2, 0, 1]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", ["ce", "elrcmr", "klr", "witness"])
def test_methods_learn_from_every_source(name, source):
    """Suspicion is of the training pairs as they were given, whatever was learned from."""
    clean = split(60, 0)
    noisy, valid = relabelled(clean, 3, 0.4), split(30, 1)
    method = KLR(targets=source, penalties=(1e-3,)) if name == "klr" else make(name, targets=source)
    assert method.needs_truth == (source in ORACLES)
    noise = Corruption(relabelled(valid, 7, 0.5).labels)
    fit = method.fit(noisy, valid, run(true=clean.labels, valid_noise=noise))
    noisy_state = () if source == VALIDATION else (NOISY_VALIDATION,)
    assert fit.states == (BEST_VALIDATION, *noisy_state, LAST_EPOCH)
    assert len(fit.chosen_by) == (6 if source == VALIDATION else 30)
    for view, scores in fit.suspicion().items():
        assert scores.shape == (60,), view
    for criterion in fit.states:
        for z in fit.at(criterion).transform(split(9, 2).views).values():
            assert np.isfinite(z).all()


def test_a_network_is_given_the_likeliest_classes_for_labels():
    learned_labels = {}

    class Watched(CE):
        def before_training(self, model, data, valid):
            learned_labels.update({view: y.numpy() for view, y in data.labels.items()})

    noisy = relabelled(split(60, 0), 3, 0.5)
    fit = Watched(**settings("ce", targets=EM)).fit(noisy, None, run())
    same_views(learned_labels, {view: q.argmax(axis=1) for view, q in fit.lesson.targets.items()})
    same_views(fit.train.labels, noisy.labels)


@pytest.mark.parametrize("source", [CLEAN, VALIDATION])
def test_memorisation_is_watched_on_all_training_pairs(source):
    """Also where other pairs, or fewer, are learned from."""
    clean = split(60, 0)
    noisy, guesses = relabelled(clean, 3, 0.8), []

    def diagnose(predicted):
        guesses.append({view: len(classes) for view, classes in predicted.items()})
        return {"accuracy/clean": 1.0}

    fit = make("ce", targets=source).fit(noisy, split(30, 1), replace(run(true=clean.labels), diagnose=diagnose))
    assert guesses == [dict.fromkeys(DIMS, 60)] * 2
    assert all(row["accuracy/clean"] == 1 for row in fit.history)
