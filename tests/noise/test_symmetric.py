"""Symmetric noise against the rates and agreements that its protocol implies."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.core.corruption import Corruption
from pipeline.core.errors import BadInput, BadParams
from pipeline.core.splits import Labels
from pipeline.noise.base import NoiseReceipt, make
from pipeline.noise.symmetric import Symmetric

N, K = 20_000, 10


@pytest.fixture(scope="module")
def clean() -> Labels:
    return dict.fromkeys(("image", "text"), np.random.default_rng(0).integers(0, K, N))


def draw(
    labels: Labels, rate: float, seed: int = 0, per_pair: bool = False, exclude_true: bool = False
) -> tuple[Corruption, NoiseReceipt]:
    return make(Symmetric(per_pair, exclude_true), "symmetric", "digits", labels, K, rate, seed)


@pytest.mark.parametrize("rate", [0.2, 0.4, 0.6, 0.8])
def test_realised_rate_is_rate_times_nine_tenths(clean: Labels, rate: float) -> None:
    _, receipt = draw(clean, rate)
    for share in receipt.realised.values():  # 4 standard errors of a binomial with rate * N draws
        assert share == pytest.approx(rate * (K - 1) / K, abs=4 * np.sqrt(rate * 0.09 / N))


def test_at_point_eight_with_ten_classes_72_percent_are_wrong(clean: Labels) -> None:
    assert draw(clean, 0.8)[1].realised["image"] == pytest.approx(0.72, abs=0.01)


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.55, 1.0])
def test_without_the_true_class_exactly_the_selected_labels_are_wrong(clean: Labels, rate: float) -> None:
    corruption, receipt = draw(clean, rate, exclude_true=True)
    for view, noisy in corruption.labels.items():
        assert (noisy != clean[view]).sum() == int(rate * N)
        assert receipt.realised[view] == int(rate * N) / N


@pytest.mark.parametrize("exclude_true", [False, True])
def test_new_labels_are_uniform(clean: Labels, exclude_true: bool) -> None:
    counts = np.array(draw(clean, 1.0, exclude_true=exclude_true)[1].transition["text"], dtype=float)
    expected = (1 - np.eye(K)) / (K - 1) if exclude_true else np.full((K, K), 1 / K)
    assert np.abs(counts / counts.sum(axis=1, keepdims=True) - expected).max() < 0.04


def test_views_are_drawn_independently(clean: Labels) -> None:
    corruption, _ = draw(clean, 0.8)
    image, text = corruption.labels.values()
    truth = clean["image"]
    wrong = (image != truth), (text != truth)
    both = np.mean(wrong[0] & wrong[1])
    assert both == pytest.approx(0.72**2, abs=0.015)
    assert np.mean(image[wrong[0] & wrong[1]] == text[wrong[0] & wrong[1]]) == pytest.approx(1 / 9, abs=0.015)


def test_per_pair_gives_all_views_one_label(clean: Labels) -> None:
    corruption, receipt = draw(clean, 0.8, per_pair=True)
    np.testing.assert_array_equal(*corruption.labels.values())
    assert receipt.per_pair
    assert receipt.realised["image"] == pytest.approx(0.72, abs=0.015)


def test_seeds_and_rates_are_independent(clean: Labels) -> None:
    wrong = [
        draw(clean, rate, seed, exclude_true=True)[0].labels["image"] != clean["image"]
        for rate, seed in ((0.4, 0), (0.4, 1), (0.6, 0))
    ]
    assert np.mean(wrong[0] & wrong[1]) == pytest.approx(0.16, abs=0.015)
    assert np.mean(wrong[0] & wrong[2]) == pytest.approx(0.24, abs=0.015)  # not nested


def test_per_pair_refuses_views_with_different_truths(clean: Labels) -> None:
    with pytest.raises(BadInput, match="views differ in their clean labels"):
        draw({**clean, "text": (clean["text"] + 1) % K}, 0.4, per_pair=True)


def test_one_class_leaves_no_wrong_one() -> None:
    with pytest.raises(BadParams, match="no wrong class"):
        make(Symmetric(exclude_true=True), "symmetric", "d", {"a": np.zeros(9, np.int64)}, 1, 0.5, 0)
