"""Pair-flip noise: the next class, the last one's is the first, as often as asked."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.core.corruption import Corruption
from pipeline.core.errors import BadParams
from pipeline.core.splits import Labels
from pipeline.noise.base import NoiseReceipt, make
from pipeline.noise.pairflip import Pairflip

N = 20_000


def truth(classes: int) -> Labels:
    return dict.fromkeys(("image", "text"), np.random.default_rng(0).integers(0, classes, N))


def draw(rate: float, seed: int = 0, classes: int = 10, per_pair: bool = False) -> tuple[Corruption, NoiseReceipt]:
    return make(Pairflip(per_pair), "pairflip", "digits", truth(classes), classes, rate, seed)


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.45, 0.6, 0.8, 1.0])
@pytest.mark.parametrize("classes", [2, 3, 10])
def test_the_selected_labels_become_the_next_class(rate: float, classes: int) -> None:
    corruption, receipt = draw(rate, classes=classes)
    for view, clean in truth(classes).items():
        step = (corruption.labels[view] - clean) % classes
        assert set(step) <= {0, 1}
        assert step.sum() == int(rate * N)
        assert receipt.realised[view] == int(rate * N) / N


@pytest.mark.parametrize("rate", [0.2, 0.45, 0.8])
def test_the_transition_is_that_of_the_paper(rate: float) -> None:
    counts = np.array(draw(rate)[1].transition["image"], dtype=float)
    size = counts.sum(axis=1, keepdims=True)
    expected = (1 - rate) * np.eye(10) + rate * np.roll(np.eye(10), 1, axis=1)
    assert np.all(np.abs(counts / size - expected) <= 4.5 * np.sqrt(expected * (1 - expected) / size))


def test_views_and_seeds_select_independently() -> None:
    first, second = draw(0.4)[0], draw(0.4, seed=1)[0]
    clean = truth(10)["image"]
    wrong = first.labels["image"] != clean
    for other in (first.labels["text"], second.labels["image"]):
        assert np.mean(wrong & (other != clean)) == pytest.approx(0.16, abs=4 * np.sqrt(0.16 * 0.84 / N))


def test_per_pair_gives_all_views_one_label() -> None:
    corruption, receipt = draw(0.8, per_pair=True)
    np.testing.assert_array_equal(*corruption.labels.values())
    assert receipt.per_pair
    assert receipt.realised == {"image": 0.8, "text": 0.8}


def test_one_class_has_no_next() -> None:
    with pytest.raises(BadParams, match="there is no wrong class"):
        make(Pairflip(), "pairflip", "digits", {"image": np.zeros(9, np.int64)}, 1, 0.5, 0)
