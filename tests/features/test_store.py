"""Features on disk: what goes in comes out, and nothing broken goes in."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from pipeline.core.errors import BadInput
from pipeline.features.base import store as featurestore
from tests.support import tiny


def test_round_trip(tmp_path: Path) -> None:
    views, labels, split = tiny.arrays()
    result = tiny.features(tmp_path / "features")
    assert list(result.class_names) == list("abc")
    assert result.extractors == tiny.EXTRACTORS
    for name, part in result.splits.items():
        rows = split == name
        assert len(part) == tiny.SIZES[name]
        assert part.classes == tiny.CLASSES
        for view, x in views.items():
            assert part.views[view].dtype == np.float32
            np.testing.assert_array_equal(part.views[view], x[rows])
            np.testing.assert_array_equal(part.labels[view], labels[rows])
    assert list(result.splits) == list(tiny.SIZES)


def test_files_have_the_bytes_that_numpy_saves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(featurestore, "BLOCK", 7)
    views, labels, split = tiny.arrays()
    tiny.store(tmp_path / "features")
    train = split == "train"
    for name, array in {**views, "labels": labels}.items():
        np.save(tmp_path / "saved.npy", array[train])
        assert (tmp_path / "features" / f"train_{name}.npy").read_bytes() == (tmp_path / "saved.npy").read_bytes()
    digest = hashlib.sha256()
    for part in ("train", "valid", "test"):
        for name, array in {**views, "labels": labels}.items():
            digest.update(f"{part}_{name}".encode() + array[split == part].tobytes())
    assert featurestore.read(tmp_path / "features").digest == digest.hexdigest()[:16]


def test_only_the_wanted_splits_are_read(tmp_path: Path) -> None:
    tiny.store(tmp_path)
    assert list(featurestore.read(tmp_path, ["test"]).splits) == ["test"]


def test_what_stood_there_before_is_gone(tmp_path: Path) -> None:
    _, _, split = tiny.arrays()
    tiny.store(tmp_path)
    tiny.store(tmp_path, split=np.where(split == "valid", "train", split))
    assert list(featurestore.read(tmp_path).splits) == ["train", "test"]


def test_validation_may_be_absent(tmp_path: Path) -> None:
    _, _, split = tiny.arrays()
    tiny.store(tmp_path, split=np.where(split == "valid", "train", split))
    assert list(featurestore.read(tmp_path).splits) == ["train", "test"]


def test_the_digest_names_every_number_and_label(tmp_path: Path) -> None:
    views, labels, split = tiny.arrays()
    moved = views["image"].copy()
    moved[3, 2] = np.nextafter(moved[3, 2], np.float32(9))
    other = labels.copy()
    other[-1] = (other[-1] + 1) % tiny.CLASSES
    resplit = split.copy()
    resplit[0] = "test"
    changes = [{}, {"views": views | {"image": moved}}, {"labels": other}, {"split": resplit}]
    digests = []
    for number, change in enumerate(changes):
        tiny.store(tmp_path / str(number), **change)
        digests.append(featurestore.read(tmp_path / str(number)).digest)
    assert len(set(digests)) == len(changes)
    assert tiny.features(tmp_path / "again").digest == digests[0]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_features_that_are_not_finite_are_refused(tmp_path: Path, value: float) -> None:
    views, _, _ = tiny.arrays()
    views["text"][5, 1] = value
    with pytest.raises(BadInput, match=r"view 'text': 1 features are NaN or infinite, the first in sample 5; extract"):
        tiny.store(tmp_path / "features", views=views)
    assert not (tmp_path / "features").exists()


@pytest.mark.parametrize("label", [-1, tiny.CLASSES])
def test_a_label_out_of_range_is_refused(tmp_path: Path, label: int) -> None:
    _, labels, _ = tiny.arrays()
    labels[2] = label
    with pytest.raises(BadInput, match=rf"label {label} of sample 2 is outside 0\.\.2; number the classes from 0"):
        tiny.store(tmp_path / "features", labels=labels)
    assert not (tmp_path / "features").exists()


@pytest.mark.parametrize("name", ["train", "test"])
def test_an_empty_split_is_refused(tmp_path: Path, name: str) -> None:
    _, _, split = tiny.arrays()
    with pytest.raises(BadInput, match="a split has no samples; check the split sizes"):
        tiny.store(tmp_path / "features", split=np.where(split == name, "valid", split))
    assert not (tmp_path / "features").exists()


@pytest.mark.parametrize("file", ["meta.json", "train_image.npy", "test_labels.npy"])
def test_a_missing_or_broken_file_is_a_clear_error(tmp_path: Path, file: str) -> None:
    tiny.store(tmp_path)
    (tmp_path / file).write_bytes((tmp_path / file).read_bytes()[:20])
    with pytest.raises(BadInput, match=r"the features cannot be read .*; run `dvc repro` to extract them"):
        featurestore.read(tmp_path)
    (tmp_path / file).unlink()
    with pytest.raises(BadInput, match="the features cannot be read"):
        featurestore.read(tmp_path)
