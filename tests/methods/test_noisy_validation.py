"""Which epoch validation labels as noisy as those of training choose, by a slow reference."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.core import plugins
from pipeline.core.corruption import Corruption
from pipeline.core.criteria import BEST_VALIDATION, LAST_EPOCH, NOISY_VALIDATION
from pipeline.methods.base import Method, validation_scores
from pipeline.noise.base import make as make_noise
from pipeline.noise.mismatched import Mismatched
from pipeline.noise.symmetric import Symmetric
from tests.support.paired import CLASSES, CPU, DIMS, THREE, make, run, settings, slow_map, split

KINDS = {"symmetric": Symmetric(per_pair=False), "mismatched": Mismatched()}
EPOCHS = 5


def noisy(kind, train, valid, seed, rate=0.6):
    return make_noise(KINDS[kind], kind, "toy", train.labels, CLASSES, rate, seed, valid=valid)[0]


@pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
def test_the_noisy_score_is_the_map_of_moved_embeddings_with_noisy_labels(dims):
    rng = np.random.default_rng(0)
    valid = split(30, 1, dims)
    z = {view: rng.standard_normal((30, 5)) for view in dims}
    rows = {view: rng.permutation(30) for view in list(dims)[1:]}
    noise = Corruption({view: rng.integers(0, CLASSES, 30) for view in dims}, rows)
    row = validation_scores(z, valid, noise)
    moved = {view: np.array([z[view][i] for i in rows.get(view, range(30))]) for view in dims}
    assert row["noisy_valid/mean"] == pytest.approx(slow_map(moved, noise.labels))
    assert row["valid/mean"] == pytest.approx(slow_map(z, valid.labels))
    clean = {column: value for column, value in row.items() if column != "noisy_valid/mean"}
    assert clean == validation_scores(z, valid)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "network"), [("ce", "own"), ("mrl", "own"), ("ce", "shared"), ("witness", "shared")])
def test_its_epoch_is_that_of_the_highest_map_with_the_noisy_labels(name, network, kind):
    """Weights of every epoch are kept beside the training and scored slowly; in some run the two choices differ."""
    changes = {"epochs": EPOCHS, "learning_rate": 0.02, "network": network}
    train, valid = split(60, 0), split(30, 1, pull=0.7)
    differed = False
    for seed in range(4):
        noise = noisy(kind, train, valid, seed)
        fit, epochs = watched(name, noise.applied(train), valid, noise.valid, changes)
        clean, noisy_scores = [], []
        for state in epochs:
            z = make(name, **changes).restore(DIMS, CLASSES, state, CPU).transform(valid.views)
            clean.append(slow_map(z, valid.labels))
            moved = {view: x[noise.valid.rows.get(view, np.arange(30))] for view, x in z.items()}
            noisy_scores.append(slow_map(moved, noise.valid.labels))
        assert [row["noisy_valid/mean"] for row in fit.history] == pytest.approx(noisy_scores, abs=1e-5)
        assert [row["valid/mean"] for row in fit.history] == pytest.approx(clean, abs=1e-5)
        for criterion, scores in ((BEST_VALIDATION, clean), (NOISY_VALIDATION, noisy_scores)):
            best = epochs[int(np.argmax(scores))]
            for tensor, value in fit.at(criterion).state().items():
                np.testing.assert_array_equal(value, best[tensor])
        assert fit.states == (BEST_VALIDATION, NOISY_VALIDATION, LAST_EPOCH)
        differed |= np.argmax(clean) != np.argmax(noisy_scores)
    assert differed


def watched(name, train, valid, valid_noise, changes):
    """The fit and what is evaluated after every epoch, as state() gives it."""
    kind = plugins.find("pipeline.methods", name, Method)
    epochs = []

    class Watched(kind):
        def finish(self, model, data):
            super().finish(model, data)
            epochs.append({tensor: value.numpy().copy() for tensor, value in model.state_dict().items()})

    fit = Watched(**settings(name, **changes)).fit(train, valid, run(valid_noise=valid_noise))
    return fit, epochs


def test_a_closed_form_has_the_same_state_for_all_criteria():
    train, valid = split(60, 0), split(30, 1)
    noise = noisy("mismatched", train, valid, 0)
    fit = make("mcca").fit(train, valid, run(valid_noise=noise.valid))
    assert fit.states == (BEST_VALIDATION, NOISY_VALIDATION, LAST_EPOCH)
    assert fit.at(NOISY_VALIDATION) is fit.at(BEST_VALIDATION) is fit.at(LAST_EPOCH)


def test_what_was_learned_is_the_same_with_and_without_noisy_validation():
    train, valid = split(60, 0), split(30, 1)
    noise = noisy("symmetric", train, valid, 0)
    with_it, without = (make("ce").fit(train, valid, replace(run(), valid_noise=n)) for n in (noise.valid, None))
    assert without.states == (BEST_VALIDATION, LAST_EPOCH)
    for criterion in without.states:
        for tensor, value in without.at(criterion).state().items():
            np.testing.assert_array_equal(with_it.at(criterion).state()[tensor], value)
