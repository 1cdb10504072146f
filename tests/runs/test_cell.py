"""One cell: what a method is shown, what is written down, and that one broken cell does not stop the others."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from pipeline.core.corruption import Corruption
from pipeline.core.errors import Diverged
from pipeline.core.runs import LabelNoise, Run
from pipeline.runs import plan as grid
from pipeline.runs.cell import run_cell
from pipeline.runs.store import CellStore
from tests.support.paired import CPU, DIMS, make, settings, split

TRAIN, VALID, TEST = split(8, 0), split(9, 1), split(10, 2)
CLEAN = np.array([0, 0, 1, 1, 2, 2, 0, 1])


class Recorder:
    """Keeps what fit is given; predicts what it is told to."""

    criteria_ = ("last_epoch",)

    def __init__(self, predicted=None, estimate=None):
        self.predicted, self.estimate = predicted, estimate

    def fit(self, train, valid, run):
        self.train, self.valid, self.run = train, valid, run
        self.history_ = [run.diagnose(self.predicted)] if run.diagnose and self.predicted else []
        return self

    def select(self, criterion):
        return self

    def transform(self, views):
        return dict(views)

    def label_noise(self):
        return self.estimate


class Diverging(Recorder):
    def fit(self, train, valid, run):
        raise Diverged("total", 3)


def train_split():
    return replace(TRAIN, labels={view: CLEAN.copy() for view in DIMS})


def cell(method, noise=None, seed=0):
    return run_cell(method, train_split(), VALID, TEST, noise, seed, CPU)


def test_a_label_free_method_sees_zeros():
    method = Recorder()
    result, embeddings = cell(method)
    for view in DIMS:
        assert method.train.labels[view].tolist() == [0] * 8
        np.testing.assert_array_equal(method.train.views[view], TRAIN.views[view])
    assert method.run.diagnose is None
    assert method.valid is VALID
    assert result == {"status": "done", "reason": "", "history": []}
    np.testing.assert_array_equal(embeddings["last_epoch"]["text"], TEST.views["text"])


def test_a_method_sees_the_noisy_labels_only():
    noisy = {"image": (CLEAN + 1) % 3, "text": CLEAN}
    method = Recorder()
    cell(method, Corruption(noisy))
    for view, labels in noisy.items():
        np.testing.assert_array_equal(method.train.labels[view], labels)
    np.testing.assert_array_equal(method.train.index, TRAIN.index)


def test_rows_move_features_and_leave_the_other_view():
    rows = np.array([1, 0, 3, 2, 4, 5, 7, 6])
    method = Recorder(dict.fromkeys(DIMS, CLEAN))
    result, _ = cell(method, Corruption(dict.fromkeys(DIMS, CLEAN), {"text": rows}))
    np.testing.assert_array_equal(method.train.views["text"], TRAIN.views["text"][rows])
    np.testing.assert_array_equal(method.train.views["image"], TRAIN.views["image"])
    # Of 16 labels, texts 6 and 7 are wrong (0 stands at 1 and 1 at 0); the guess repeats what it was told.
    assert result["history"] == [{"accuracy/clean": 1.0, "accuracy/corrupted": 1.0, "accuracy/recovered": 0.0}]


def test_the_estimated_label_noise_is_written_down():
    estimate = LabelNoise(dict.fromkeys(DIMS, 0.25), True)
    result, _ = cell(Recorder(estimate=estimate))
    assert result["label_noise"] == {"wrong": dict.fromkeys(DIMS, 0.25), "certain": True}


def test_memorisation_by_hand():
    """Wrong labels: images 0, 1, 2 and text 7. The guess repeats image 0's, finds the truth of image 1 and text 7
    and is wrong otherwise on image 2; of the 12 right labels it misses texts 0 and 1 and image 7."""
    noisy = {"image": CLEAN.copy(), "text": CLEAN.copy()}
    noisy["image"][:3] = [1, 2, 0]
    noisy["text"][7] = 0
    guess = {"image": CLEAN.copy(), "text": CLEAN.copy()}
    guess["image"][[0, 2, 7]] = [1, 2, 0]
    guess["text"][[0, 1]] = 2
    result, _ = cell(Recorder(guess), Corruption(noisy))
    assert result["history"] == [{"accuracy/clean": 9 / 12, "accuracy/corrupted": 1 / 4, "accuracy/recovered": 2 / 4}]


def test_without_wrong_labels_there_is_nothing_to_memorise():
    labels = dict.fromkeys(DIMS, CLEAN)
    result, _ = cell(Recorder(labels), Corruption(labels))
    assert result["history"] == [{"accuracy/clean": 1.0}]


def test_only_one_seed_is_watched():
    method = Recorder(dict.fromkeys(DIMS, CLEAN))
    result, _ = cell(method, Corruption(dict.fromkeys(DIMS, CLEAN)), seed=1)
    assert method.run.seed == 1
    assert result["history"] == []


def test_a_watched_run_is_the_same_run():
    labels = Corruption(dict.fromkeys(DIMS, CLEAN))
    method = make("mrl")
    result, embeddings = cell(method, labels)
    assert "accuracy/clean" in result["history"][0]
    method.fit(train_split(), VALID, Run(0, CPU))
    assert list(embeddings) == ["best_validation", "last_epoch"]
    for criterion in method.criteria_:
        again = method.select(criterion).transform(TEST.views)
        np.testing.assert_array_equal(again["image"], embeddings[criterion]["image"])


def test_divergence_is_a_failed_result():
    result, embeddings = cell(Diverging(), Corruption(dict.fromkeys(DIMS, CLEAN)))
    assert result["status"] == "failed"
    assert result["reason"] == "epoch 3: 'total' is not finite; lower the learning rate."
    assert result["history"] == []
    assert embeddings == {}


def test_the_grid_goes_on_after_a_divergence(tmp_path, one_process):
    params = {
        "grid": {"noises": ["symmetric"], "rates": [0.2], "seeds": [0, 1]},
        "datasets": {"toy": {"profile": "default"}},
        "methods": {
            "ce": {
                "default": settings("ce", batch_size=4),
                "variants": {"broken": {"learning_rate": 1e30}, "default": {}},
            },
        },
    }
    features = SimpleNamespace(
        splits={"train": train_split(), "valid": VALID, "test": TEST}, extractors=dict.fromkeys(DIMS), digest="0"
    )

    def draws(key):
        return Corruption(dict.fromkeys(DIMS, CLEAN)), SimpleNamespace(hash="0")

    cells = grid.plan(params, "toy", "ce", features, draws)
    store = CellStore(tmp_path)
    landed = list(grid.run_all(params, cells, features, draws, store))
    assert [found.key.variant for found in landed] == ["broken", "broken", "default", "default"]
    for found in cells:
        result = json.loads((store.path(found.fingerprint) / "result.json").read_text())
        assert result["status"] == ("failed" if found.key.variant == "broken" else "done")
        assert ("is not finite" in result["reason"]) == (found.key.variant == "broken")
    assert sorted(grid.run_all(params, cells, features, draws, store), key=cells.index) == cells
