"""A fitted extractor that was stored as arrays and rebuilt gives the same bits."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save

from pipeline.core.errors import BadInput
from pipeline.core.plugins import build
from pipeline.explore.search.extractor_state import State, restore, state, vocabulary
from pipeline.features.base import Extractor
from pipeline.features.dgcnn import OWN_WEIGHTS
from pipeline.features.pixels import Pixels
from tests.support.trained_cell import CPU, raw

CASES = [
    ("doc2vec", {"dimension": 6, "epochs": 10}, "text"),
    ("lda", {"topics": 3, "iterations": 5, "max_vocabulary": 50}, "text"),
    ("dgcnn", {"weights": None, "points": 24, "batch_size": 8}, "cloud"),
    ("dgcnn", {"weights": str(OWN_WEIGHTS), "points": 24, "batch_size": 8}, "cloud"),
    ("pixels", {}, "image"),
    ("voxel_grid", {"resolution": 3}, "cloud"),
    ("given", {}, "numbers"),
    ("efficientnet_lite0", {"batch_size": 4}, "image"),
]


def fitted(name, settings, samples):
    return build("pipeline.features", name, Extractor, settings).fit(samples, 0)


def through_files(stored):
    """As a bundle keeps it."""
    arrays = load(save({name: np.asarray(array, order="C") for name, array in stored.arrays.items()}))
    words, numbers = json.loads(json.dumps([list(stored.words), dict(stored.numbers)]))
    return State(arrays, words, numbers, stored.weights)


def of(extractor, samples):
    return extractor.transform(samples, CPU, lambda done, total: None)


@pytest.mark.parametrize(("name", "settings", "view"), CASES, ids=lambda case: str(case)[:30])
def test_the_rebuilt_extractor_gives_the_same_bits(name, settings, view):
    samples = raw().views[view].samples
    first = fitted(name, settings, samples[:24])
    again = build("pipeline.features", name, Extractor, settings)
    restore(again, through_files(state(first)))
    np.testing.assert_array_equal(of(again, samples[24:30]), of(first, samples[24:30]))
    assert vocabulary(again) == vocabulary(first)


@pytest.mark.parametrize(
    ("case", "part", "change"),
    [
        (0, "syn1neg", lambda array: array[:1]),
        (0, "syn1neg", lambda array: array.astype(np.float64)),
        (0, "syn1neg", lambda array: array * np.float32(np.nan)),
        (0, "cum_table", lambda array: array * np.uint32(0)),
        (0, "cum_table", lambda array: array.astype(np.int64)),
        (0, "sample_int", lambda array: array[1:]),
        (1, "components_", lambda array: array[:, 1:]),
        (2, "mean", lambda array: array[:3]),
        (2, "network.bn1.weight", lambda array: array.astype(np.float64)),
    ],
)
def test_a_part_that_does_not_fit_is_refused(case, part, change):
    name, settings, view = CASES[case]
    stored = through_files(state(fitted(name, settings, raw().views[view].samples[:24])))
    damaged = replace(stored, arrays=stored.arrays | {part: change(stored.arrays[part])})
    with pytest.raises(BadInput, match=f"its part '{part}' is missing or damaged; export the bundle again"):
        restore(build("pipeline.features", name, Extractor, settings), damaged)


def test_another_dgcnn_than_the_projects_is_stored_and_the_projects_referred_to():
    own, random = (fitted(*case[:2], raw().views["cloud"].samples) for case in (CASES[3], CASES[2]))
    assert set(state(own).arrays) == {"mean", "scale"}
    assert "dgcnn.pt" in state(own).weights.shipped_by
    assert state(random).weights is None
    assert torch.equal(
        torch.from_numpy(state(random).arrays["network.conv1.0.weight"]), random.network_.conv1[0].weight
    )


@pytest.mark.parametrize("case", [CASES[3], CASES[7]], ids=lambda case: case[0])
def test_other_weights_than_those_of_the_bundle_are_refused(case):
    name, settings, view = case
    stored = state(fitted(name, settings, raw().views[view].samples))
    other = replace(stored, weights=replace(stored.weights, sha256="0" * 64))
    with pytest.raises(BadInput, match=r"its weights are not those of the bundle \(SHA-256 0000"):
        restore(build("pipeline.features", name, Extractor, settings), other)


def test_weights_that_are_downloaded_later_are_no_reason_to_refuse(tmp_path):
    extractor = build("pipeline.features", "vgg19", Extractor, {"weights": str(tmp_path / "v.pth"), "batch_size": 1})
    assert state(extractor).weights.sha256 == ""
    (tmp_path / "v.pth").write_bytes(b"weights")
    stored = state(extractor)
    (tmp_path / "v.pth").unlink()
    restore(extractor, stored)
    (tmp_path / "v.pth").write_bytes(b"others")
    with pytest.raises(BadInput, match="not those of the bundle"):
        restore(extractor, stored)


def test_what_is_learned_and_cannot_be_stored_is_refused():
    class Learning(Pixels):
        def fit(self, samples, seed):
            self.mean_ = 0
            return self

    with pytest.raises(
        BadInput, match=r"stores what it has learned \(mean_\); add it to pipeline/explore/search/extractor_state.py"
    ):
        state(Learning().fit([], 0))


def test_only_texts_have_a_vocabulary():
    texts = raw().views["text"].samples
    assert {"cat", "bark"} <= vocabulary(fitted(*CASES[0][:2], texts))
    assert {"cat", "bark"} <= vocabulary(fitted(*CASES[1][:2], texts))
    assert vocabulary(Pixels()) is None
