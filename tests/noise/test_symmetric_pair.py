"""Symmetric noise of pairs: one label for all views."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.noise.base import make
from pipeline.noise.symmetric import Symmetric
from pipeline.noise.symmetric_pair import SymmetricPair

N, CLASSES = 20_000, 10
CLEAN = dict.fromkeys(("image", "text", "cloud"), np.random.default_rng(0).integers(0, CLASSES, N))


@pytest.mark.parametrize(("exclude_true", "wrong"), [(False, 0.36), (True, 0.4)])
def test_the_views_share_labels_that_are_drawn_over_the_classes(exclude_true: bool, wrong: float) -> None:
    corruption, receipt = make(SymmetricPair(exclude_true), "symmetric_pair", "digits", CLEAN, CLASSES, 0.4, 0)
    first, *others = corruption.labels.values()
    assert all(np.array_equal(first, other) for other in others)
    assert receipt.per_pair
    for realised in receipt.realised.values():
        assert realised == pytest.approx(wrong, abs=4 * np.sqrt(0.4 * 0.1 / N))
    counts = np.array(receipt.transition["image"])
    off = counts[~np.eye(CLASSES, dtype=bool)]
    assert np.abs(off - off.mean()).max() < 5 * np.sqrt(off.mean())


def test_it_draws_apart_from_symmetric_noise_of_the_same_seed() -> None:
    one, _ = make(SymmetricPair(), "symmetric_pair", "digits", CLEAN, CLASSES, 0.4, 0)
    other, _ = make(Symmetric(per_pair=True), "symmetric", "digits", CLEAN, CLASSES, 0.4, 0)
    wrong = [each.labels["image"] != CLEAN["image"] for each in (one, other)]
    assert np.mean(wrong[0] & wrong[1]) == pytest.approx(0.36**2, abs=4 * np.sqrt(0.13 * 0.87 / N))
