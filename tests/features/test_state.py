"""A fitted extractor that was stored as arrays and rebuilt gives the same bits."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from pipeline.core.errors import BadInput
from pipeline.core.plugins import build
from pipeline.features.base import Extractor
from pipeline.features.dgcnn import OWN
from pipeline.features.pixels import Pixels
from tests.support.stored_state import through_files
from tests.support.trained_cell import CPU, raw

CASES = [
    ("doc2vec", {"dimension": 6, "epochs": 10}, "text"),
    ("lda", {"topics": 3, "iterations": 5, "max_vocabulary": 50}, "text"),
    ("dgcnn", {"weights": None, "points": 24, "batch_size": 8}, "cloud"),
    ("dgcnn", {"weights": OWN, "points": 24, "batch_size": 8}, "cloud"),
    ("pixels", {}, "image"),
    ("voxel_grid", {"resolution": 3}, "cloud"),
    ("identity", {}, "numbers"),
    ("efficientnet_lite0", {"batch_size": 4}, "image"),
]


def fitted(name, settings, samples):
    return build("pipeline.features", name, Extractor, settings).fit(samples, 0)


def of(extractor, samples):
    return extractor.transform(samples, CPU, lambda done, total: None)


@pytest.mark.parametrize(("name", "settings", "view"), CASES, ids=lambda case: str(case)[:30])
def test_the_rebuilt_extractor_gives_the_same_bits(name, settings, view):
    samples = raw().views[view].samples
    first = fitted(name, settings, samples[:24])
    again = build("pipeline.features", name, Extractor, settings)
    again.restore(through_files(first.state()))
    np.testing.assert_array_equal(of(again, samples[24:30]), of(first, samples[24:30]))
    assert again.vocabulary() == first.vocabulary()


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
    stored = through_files(fitted(name, settings, raw().views[view].samples[:24]).state())
    damaged = replace(stored, arrays=stored.arrays | {part: change(stored.arrays[part])})
    with pytest.raises(BadInput, match=f"its part '{part}' is missing or damaged; export the bundle again"):
        build("pipeline.features", name, Extractor, settings).restore(damaged)


def test_another_dgcnn_than_the_projects_is_stored_and_the_projects_referred_to():
    own, random = (fitted(*case[:2], raw().views["cloud"].samples) for case in (CASES[3], CASES[2]))
    assert set(own.state().arrays) == {"mean", "scale"}
    assert "dgcnn.pt" in own.state().weights.shipped_by
    assert random.state().weights is None
    assert torch.equal(
        torch.from_numpy(random.state().arrays["network.conv1.0.weight"]), random.network_.conv1[0].weight
    )


@pytest.mark.parametrize("case", [CASES[3], CASES[7]], ids=lambda case: case[0])
def test_other_weights_than_those_of_the_bundle_are_refused(case):
    name, settings, view = case
    stored = fitted(name, settings, raw().views[view].samples).state()
    other = replace(stored, weights=replace(stored.weights, sha256="0" * 64))
    with pytest.raises(BadInput, match=r"its weights are not those of the bundle \(SHA-256 0000"):
        build("pipeline.features", name, Extractor, settings).restore(other)


def test_weights_that_are_downloaded_later_are_no_reason_to_refuse(tmp_path):
    extractor = build("pipeline.features", "vgg19", Extractor, {"weights": str(tmp_path / "v.pth"), "batch_size": 1})
    assert extractor.state().weights.sha256 == ""
    (tmp_path / "v.pth").write_bytes(b"weights")
    stored = extractor.state()
    (tmp_path / "v.pth").unlink()
    extractor.restore(stored)
    (tmp_path / "v.pth").write_bytes(b"others")
    with pytest.raises(BadInput, match="not those of the bundle"):
        extractor.restore(stored)


def test_an_extractor_that_learns_needs_a_state_of_its_own():
    class Learning(Pixels):
        def fit(self, samples, seed):
            self.mean_ = 0
            return self

    sentence = r"it has no state to store what it has learned \(mean_\); write state\(\) and restore\(\) in tests"
    with pytest.raises(BadInput, match=sentence):
        Learning().fit([], 0).state()


def test_only_texts_have_a_vocabulary():
    texts = raw().views["text"].samples
    assert {"cat", "bark"} <= fitted(*CASES[0][:2], texts).vocabulary()
    assert {"cat", "bark"} <= fitted(*CASES[1][:2], texts).vocabulary()
    assert Pixels().vocabulary() is None
