"""One cell: what a method is shown, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.core.cells import DONE, FAILED
from pipeline.core.corruption import Corruption
from pipeline.core.errors import Diverged
from pipeline.core.runs import Row, Run
from pipeline.core.splits import Array, Embeddings, Split, Views
from pipeline.runs.cell import Outcome, run_cell
from tests.support.paired import CPU, DIMS, make, split

TRAIN, VALID, TEST = split(8, 0), split(9, 1), split(10, 2)
CLEAN = np.array([0, 0, 1, 1, 2, 2, 0, 1])


class Echo:
    """An embedder that gives back what it is given."""

    def transform(self, views: Views) -> Embeddings:
        return dict(views)


class Recorded:
    """A fit with one state."""

    states = ("last_epoch",)

    def __init__(self, history: Sequence[Row]) -> None:
        self.history = history

    def at(self, criterion: str) -> Echo:
        return Echo()


class Recorder:
    """Keeps what fit is given; predicts what it is told to."""

    needs_truth = False

    def __init__(self, predicted: dict[str, Array] | None = None) -> None:
        self.predicted = predicted

    def fit(self, train: Split, valid: Split | None, run: Run) -> Recorded:
        self.train, self.valid, self.run = train, valid, run
        return Recorded([run.diagnose(self.predicted)] if run.diagnose and self.predicted else [])


class Diverging(Recorder):
    def fit(self, train: Split, valid: Split | None, run: Run) -> Recorded:
        raise Diverged("total", 3)


class Overflowing(Recorder):
    def fit(self, train: Split, valid: Split | None, run: Run) -> Recorded:
        fitted = Recorded([])
        fitted.at = lambda criterion: Infinite()  # type: ignore[method-assign]
        return fitted


class Infinite(Echo):
    def transform(self, views: Views) -> Embeddings:
        return {view: x / 0 for view, x in views.items()}


def train_split() -> Split:
    return replace(TRAIN, labels={view: CLEAN.copy() for view in DIMS})


def cell(method: Any, noise: Corruption | None = None, seed: int = 0, watched: bool = True) -> Outcome:
    return run_cell(method, train_split(), VALID, TEST, noise, seed, CPU, watched)


def test_a_label_free_method_sees_zeros() -> None:
    method = Recorder()
    outcome = cell(method)
    for view in DIMS:
        assert method.train.labels[view].tolist() == [0] * 8
        np.testing.assert_array_equal(method.train.views[view], TRAIN.views[view])
    assert method.run.diagnose is None
    assert method.valid is VALID
    assert (outcome.status, outcome.reason, list(outcome.history)) == (DONE, "", [])
    np.testing.assert_array_equal(outcome.embeddings["last_epoch"]["text"], TEST.views["text"])


def test_a_method_sees_the_noisy_labels_only() -> None:
    noisy = {"image": (CLEAN + 1) % 3, "text": CLEAN}
    method = Recorder()
    cell(method, Corruption(noisy))
    for view, labels in noisy.items():
        np.testing.assert_array_equal(method.train.labels[view], labels)
    np.testing.assert_array_equal(method.train.index, TRAIN.index)


def test_rows_move_features_and_leave_the_other_view() -> None:
    rows = np.array([1, 0, 3, 2, 4, 5, 7, 6])
    method = Recorder(dict.fromkeys(DIMS, CLEAN))
    outcome = cell(method, Corruption(dict.fromkeys(DIMS, CLEAN), {"text": rows}))
    np.testing.assert_array_equal(method.train.views["text"], TRAIN.views["text"][rows])
    np.testing.assert_array_equal(method.train.views["image"], TRAIN.views["image"])
    # Of 16 labels, texts 6 and 7 are wrong (0 stands at 1 and 1 at 0); the guess repeats what it was told.
    assert outcome.history == [{"accuracy/clean": 1.0, "accuracy/corrupted": 1.0, "accuracy/recovered": 0.0}]


class Oracle(Recorder):
    needs_truth = True


def test_the_true_labels_are_given_to_oracles_alone() -> None:
    """Those of the samples that stand at each place."""
    rows = np.array([1, 0, 3, 2, 4, 5, 7, 6])
    noise = Corruption(dict.fromkeys(DIMS, (CLEAN + 1) % 3), {"text": rows})
    oracle, method = Oracle(), Recorder()
    cell(oracle, noise, watched=False)
    cell(method, noise)
    assert method.run.true is None
    assert oracle.run.true is not None
    assert oracle.run.true["image"].tolist() == CLEAN.tolist()
    assert oracle.run.true["text"].tolist() == CLEAN[rows].tolist()
    assert oracle.train.labels["image"].tolist() == ((CLEAN + 1) % 3).tolist()


def test_a_method_is_given_what_noise_makes_of_validation_beside_the_clean_split() -> None:
    of_valid = Corruption({view: (y + 1) % 3 for view, y in VALID.labels.items()})
    method = Recorder()
    cell(method, Corruption(dict.fromkeys(DIMS, CLEAN), valid=of_valid))
    assert method.run.valid_noise is of_valid
    assert method.valid is VALID
    cell(method)
    assert method.run.valid_noise is None


def test_noisy_validation_embeds_the_test_split_in_a_state_of_its_own() -> None:
    of_valid = Corruption({view: (y + 1) % 3 for view, y in VALID.labels.items()})
    outcome = cell(make("ce"), Corruption(dict.fromkeys(DIMS, CLEAN), valid=of_valid))
    assert list(outcome.embeddings) == ["best_validation", "noisy_validation", "last_epoch"]
    assert all("noisy_valid/mean" in row for row in outcome.history)


def test_memorisation_by_hand() -> None:
    """Wrong labels: images 0, 1, 2 and text 7. The guess repeats image 0's, finds the truth of image 1 and text 7
    and is wrong otherwise on image 2; of the 12 right labels it misses texts 0 and 1 and image 7."""
    noisy = {"image": CLEAN.copy(), "text": CLEAN.copy()}
    noisy["image"][:3] = [1, 2, 0]
    noisy["text"][7] = 0
    guess = {"image": CLEAN.copy(), "text": CLEAN.copy()}
    guess["image"][[0, 2, 7]] = [1, 2, 0]
    guess["text"][[0, 1]] = 2
    outcome = cell(Recorder(guess), Corruption(noisy))
    assert outcome.history == [{"accuracy/clean": 9 / 12, "accuracy/corrupted": 1 / 4, "accuracy/recovered": 2 / 4}]


def test_without_wrong_labels_there_is_nothing_to_memorise() -> None:
    labels = dict.fromkeys(DIMS, CLEAN)
    assert cell(Recorder(labels), Corruption(labels)).history == [{"accuracy/clean": 1.0}]


def test_a_cell_that_is_not_watched_tells_nothing_of_memorisation() -> None:
    method = Recorder(dict.fromkeys(DIMS, CLEAN))
    outcome = cell(method, Corruption(dict.fromkeys(DIMS, CLEAN)), seed=1, watched=False)
    assert method.run.seed == 1
    assert outcome.history == []


def test_a_watched_run_is_the_same_run() -> None:
    labels = Corruption(dict.fromkeys(DIMS, CLEAN))
    watched, other = (cell(make("mrl"), labels, watched=flag) for flag in (True, False))
    assert "accuracy/clean" in watched.history[0]
    assert "accuracy/clean" not in other.history[0]
    assert list(watched.embeddings) == ["best_validation", "last_epoch"]
    for criterion, embeddings in watched.embeddings.items():
        np.testing.assert_array_equal(embeddings["image"], other.embeddings[criterion]["image"])


def test_divergence_is_a_failed_result() -> None:
    outcome = cell(Diverging(), Corruption(dict.fromkeys(DIMS, CLEAN)))
    assert outcome.status == FAILED
    assert outcome.reason == "epoch 3: 'total' is not finite; lower the learning rate."
    assert (outcome.history, outcome.embeddings, outcome.fitted) == ((), {}, None)


def test_embeddings_that_are_not_finite_are_a_failed_result() -> None:
    with np.errstate(divide="ignore", invalid="ignore"):
        outcome = cell(Overflowing(), Corruption(dict.fromkeys(DIMS, CLEAN)))
    assert (outcome.status, outcome.reason) == (FAILED, "the test embeddings are not finite.")
    assert outcome.embeddings == {}
