"""Shares by hash, classes by name, and the samples that every split needs."""

from hashlib import sha256

import numpy as np
import pytest

from pipeline.core.errors import BadInput, BadParams
from pipeline.data.base.splits import SHARES, check, classes, hashed

IDS = [f"cats/{number:05d}" for number in range(4000)]


def test_a_samples_split_is_the_place_of_its_hash():
    for name, result in zip(IDS[:50], hashed(IDS[:50], SHARES, "here"), strict=True):
        place = int(sha256(name.encode()).hexdigest()[:16], 16) / 16**16
        assert result == ("train" if place < 0.7 else "valid" if place < 0.8 else "test")


def test_shares_are_met_and_added_samples_move_no_other():
    split = hashed(IDS, SHARES, "here")
    for name, share in SHARES.items():
        assert np.mean(split == name) == pytest.approx(share, abs=0.02)
    assert list(hashed(["new", *reversed(IDS[::3])], SHARES, "here"))[1:] == list(split[::3][::-1])
    assert set(hashed(IDS, {"train": 0.5, "test": 0.5}, "here")) == {"train", "test"}


@pytest.mark.parametrize(
    "shares",
    [
        {"train": 0.7, "valid": 0.1, "test": 0.1},
        {"train": 1.0},
        {"valid": 0.5, "test": 0.5},
        {"train": 1.2, "valid": -0.4, "test": 0.2},
        {"train": 0.5, "test": 0.5, "dev": 0.0},
        {"train": float("nan"), "test": 0.5},
    ],
)
def test_shares_that_do_not_divide_are_refused(shares):
    with pytest.raises(BadParams, match=r"here: the shares .* do not divide the samples; give "):
        hashed(IDS, shares, "here")


def test_classes_are_sorted_and_numbers_by_value():
    names, labels = classes(["dog", "cat", "dog", "Ant"])
    assert names == ["Ant", "cat", "dog"]
    assert labels.tolist() == [2, 1, 2, 0]
    assert labels.dtype == np.int64
    assert classes(["10", "9", "-1"])[0] == ["-1", "9", "10"]
    assert classes(["10", "9", "x"])[0] == ["10", "9", "x"]


def test_every_class_must_be_trained_and_tested():
    labels, names = np.array([0, 1, 0, 1, 0, 1]), ["cat", "dog"]
    check(labels, np.array(["train", "train", "test", "test", "test", "valid"]), names, "here")
    lacking = np.array(["train", "train", "test", "valid", "test", "train"])
    with pytest.raises(BadInput, match="here: class 'dog' has 3 samples in all and none in the split 'test'; add"):
        check(labels, lacking, names, "here")
    with pytest.raises(BadInput, match="class 'cat' has 3 samples in all and none in the split 'train'"):
        check(labels, np.array(["test", "train"] * 3), names, "here")
    with pytest.raises(BadInput, match="the only class is 'cat'"):
        check(labels * 0, lacking, ["cat"], "here")
