"""Symmetric noise of pairs whose drawn label is always wrong."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.noise.base import make
from pipeline.noise.symmetric_pair_wrong import SymmetricPairWrong

N, CLASSES = 20_000, 10
CLEAN = dict.fromkeys(("image", "text", "cloud"), np.random.default_rng(0).integers(0, CLASSES, N))


@pytest.mark.parametrize("rate", [0.2, 0.8])
def test_as_many_labels_are_wrong_as_are_drawn_and_the_views_share_them(rate: float) -> None:
    corruption, receipt = make(SymmetricPairWrong(), "symmetric_pair_wrong", "digits", CLEAN, CLASSES, rate, 0)
    first, *others = corruption.labels.values()
    assert all(np.array_equal(first, other) for other in others)
    assert receipt.per_pair
    assert set(receipt.realised.values()) == {rate}
    off = np.array(receipt.transition["image"])[~np.eye(CLASSES, dtype=bool)]
    assert np.abs(off - off.mean()).max() < 5 * np.sqrt(off.mean())
