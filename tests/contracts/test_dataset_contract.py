"""What every dataset in the folder promises."""

from collections import defaultdict

import numpy as np
import pytest

from pipeline.core.plugins import find, names
from pipeline.core.splits import SPLITS
from pipeline.data.base import Dataset
from tests.support.samples import dataset, load, project

DATASETS = [name for name in names("pipeline.data") if name not in {"arrays", "folder"}]
"""Those with samples of their own; the other two read what a user brings, and tests/data writes such files."""
pytestmark = pytest.mark.parametrize("name", DATASETS)


def splits_of(keys, split):
    result = defaultdict(set)
    for key, part in zip(keys, split, strict=True):
        result[key].add(part)
    return result


def test_describes_itself(name):
    kind = find("pipeline.data", name, Dataset)
    assert all([kind.display, kind.task, kind.source, kind.licence])


def test_shapes_and_types(name):
    raw = dataset(name)
    total = len(raw.ids)
    assert len(set(raw.ids)) == total
    assert raw.labels.dtype == np.int64
    assert raw.labels.shape == (total,)
    assert len(raw.split) == len(raw.concept) == total
    assert len(raw.views) >= 2
    for view in raw.views.values():
        assert len(view.samples) == total
        if view.kind == "text":
            assert all(isinstance(text, str) and text for text in view.samples)
        elif view.kind == "image":
            assert view.samples.dtype == np.uint8
            assert view.samples.ndim in (3, 4)
        else:
            assert view.kind in ("cloud", "features")
            assert view.samples.dtype == np.float32
            assert view.samples.shape[2:] == ((3,) if view.kind == "cloud" else ())


def test_every_class_is_in_every_split(name):
    raw = dataset(name)
    parts = set(raw.split)
    assert {"train", "test"} <= parts <= set(SPLITS)
    for part in parts:
        assert set(raw.labels[raw.split == part]) == set(range(len(raw.class_names)))


def test_no_concept_and_no_picture_in_two_splits(name):
    """Two pictures may have the same features as their authors ship them."""
    raw = dataset(name)
    assert all(len(result) == 1 for result in splits_of(raw.concept, raw.split).values())
    for view in raw.views.values():
        if view.kind in ("image", "cloud"):
            rows = [sample.tobytes() for sample in view.samples]
            assert all(len(result) == 1 for result in splits_of(rows, raw.split).values())


def test_same_call_same_bits_and_other_seed_other_split(name):
    """A split without validation samples is a paper's and not drawn: no seed moves it."""
    first, again = dataset(name), load(name)
    assert list(first.ids) == list(again.ids)
    assert list(first.concept) == list(again.concept)
    assert np.array_equal(first.labels, again.labels)
    assert np.array_equal(first.split, again.split)
    for view in first.views:
        assert np.array_equal(first.views[view].samples, again.views[view].samples)
    if "seed" not in (project().dataset(name).load or {}):
        return
    other = load(name, seed=1)
    moved = dict(zip(other.ids, other.split, strict=True))
    drawn = "valid" in set(first.split)
    assert any(moved.get(key) != part for key, part in zip(first.ids, first.split, strict=True)) == drawn
