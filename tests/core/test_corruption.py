"""What noise makes of a split, by hand."""

from __future__ import annotations

import numpy as np

from pipeline.core.corruption import Corruption
from pipeline.core.splits import Split

ROWS = np.array([1, 2, 0])
CLEAN = {"image": np.array([0, 1, 2]), "text": np.array([0, 1, 2])}
NOISE = Corruption({"image": np.array([0, 1, 1]), "text": np.array([0, 2, 0])}, {"text": ROWS})


def split() -> Split:
    views = {view: np.array([[10.0], [20.0], [30.0]], dtype=np.float32) for view in CLEAN}
    return Split(views, CLEAN, np.arange(3), 3)


def test_rows_are_moved_in_the_views_that_have_an_order_of_their_own() -> None:
    moved = NOISE.moved(split().views)
    assert moved["image"].tolist() == [[10], [20], [30]]
    assert moved["text"].tolist() == [[20], [30], [10]]
    assert list(NOISE.moved({"text": CLEAN["text"]})) == ["text"]
    assert split().views["text"].tolist() == [[10], [20], [30]]


def test_without_rows_nothing_moves() -> None:
    views = split().views
    assert all(rows is views[view] for view, rows in Corruption(CLEAN).moved(views).items())


def test_a_method_is_given_moved_features_with_noisy_labels() -> None:
    given = NOISE.applied(split())
    assert given.views["text"].tolist() == [[20], [30], [10]]
    assert {view: labels.tolist() for view, labels in given.labels.items()} == {"image": [0, 1, 1], "text": [0, 2, 0]}
    assert given.index.tolist() == [0, 1, 2]


def test_truth_and_errors_are_those_of_the_sample_that_stands_there() -> None:
    assert {view: y.tolist() for view, y in NOISE.true(CLEAN).items()} == {"image": [0, 1, 2], "text": [1, 2, 0]}
    assert NOISE.wrong(CLEAN)["image"].tolist() == [False, False, True]
    assert NOISE.wrong(CLEAN)["text"].tolist() == [True, False, False]


def test_validation_is_a_corruption_of_its_own() -> None:
    both = Corruption(NOISE.labels, NOISE.rows, NOISE)
    assert NOISE.valid is None
    assert both.valid is NOISE
