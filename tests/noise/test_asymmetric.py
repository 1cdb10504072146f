"""Asymmetric noise: the map is followed, as often as asked, and is the same for every cell of a dataset."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pipeline.core import plugins
from pipeline.core.corruption import Corruption
from pipeline.core.errors import BadInput, BadParams
from pipeline.core.splits import Labels
from pipeline.noise.asymmetric import Asymmetric
from pipeline.noise.base import Noise, NoiseReceipt, make

N, K = 20_000, 10
MNIST = {2: 7, 3: 8, 5: 6, 6: 5, 7: 1}
RATES = [0.2, 0.4, 0.6, 0.8]


def truth(classes: int = K) -> Labels:
    return dict.fromkeys(("image", "text"), np.random.default_rng(0).integers(0, classes, N))


def draw(
    rate: float, seed: int = 0, dataset: str = "digits", classes: int = K, **settings: Any
) -> tuple[Corruption, NoiseReceipt]:
    return make(Asymmetric(**settings), "asymmetric", dataset, truth(classes), classes, rate, seed)


def targets(receipt: NoiseReceipt, view: str = "image") -> list[list[int]]:
    """Per true class, the wrong classes that its labels became."""
    counts = np.array(receipt.transition[view])
    np.fill_diagonal(counts, 0)
    return [np.flatnonzero(row).tolist() for row in counts]


@pytest.mark.parametrize("rate", [0.0, *RATES, 1.0])
@pytest.mark.parametrize("classes", [2, 3, 10])
def test_exactly_the_selected_labels_are_wrong(rate: float, classes: int) -> None:
    corruption, receipt = draw(rate, classes=classes)
    for view, clean in truth(classes).items():
        assert (corruption.labels[view] != clean).sum() == int(rate * N)
        assert receipt.realised[view] == int(rate * N) / N


@pytest.mark.parametrize("rate", RATES)
def test_every_class_is_hit_alike(rate: float) -> None:
    counts = np.array(draw(rate)[1].transition["text"], dtype=float)
    size = counts.sum(axis=1)
    assert np.all(np.abs(1 - np.diag(counts) / size - rate) < 4.5 * np.sqrt(rate * (1 - rate) / size))


@pytest.mark.parametrize("classes", [2, 3, 10, 200])
def test_a_drawn_map_is_one_cycle_through_all_classes(classes: int) -> None:
    becomes = Asymmetric().targets(classes)
    passed, here = [], 0
    for _ in range(classes):
        here = int(becomes[here])
        passed.append(here)
    assert sorted(passed) == list(range(classes))


def test_all_cells_of_a_dataset_share_one_map() -> None:
    first = targets(draw(0.4)[1])
    assert first == [[k] for k in Asymmetric().targets(K)]
    for other in (draw(0.8), draw(0.4, seed=1), draw(0.4, per_pair=True)):
        assert targets(other[1]) == targets(other[1], "text") == first


def test_another_map_seed_draws_another_map() -> None:
    maps = {tuple(Asymmetric(map_seed=seed).targets(K)) for seed in range(20)}
    assert len(maps) == 20


def test_a_given_map_is_followed_and_other_classes_stay() -> None:
    corruption, receipt = draw(0.4, map=MNIST)
    assert targets(receipt) == targets(receipt, "text") == [[MNIST[k]] if k in MNIST else [] for k in range(K)]
    mapped = np.mean(np.isin(truth()["image"], list(MNIST)))
    for view, share in receipt.realised.items():
        assert share == pytest.approx(0.4 * mapped, abs=4 * np.sqrt(0.24 * mapped / N))
        stays = ~np.isin(truth()[view], list(MNIST))
        np.testing.assert_array_equal(corruption.labels[view][stays], truth()[view][stays])


def test_a_given_map_is_written_in_params() -> None:
    noise = plugins.build("pipeline.noise", "asymmetric", Noise, {"map": {2: 7}})
    _, receipt = make(noise, "asymmetric", "digits", truth(), K, 1.0, 0)
    assert targets(receipt) == [[7] if k == 2 else [] for k in range(K)]
    for wrong in ("drwan", {2: "seven"}, [7]):
        with pytest.raises(BadParams, match=r"noises?\.asymmetric: 'map' is "):
            plugins.build("pipeline.noise", "asymmetric", Noise, {"map": wrong})


def test_views_seeds_rates_and_datasets_select_independently() -> None:
    clean = truth()["image"]
    draws = [draw(0.4)[0], draw(0.4, seed=1)[0], draw(0.6)[0], draw(0.4, dataset="other")[0]]
    wrong = [corruption.labels["image"] != clean for corruption in draws]
    expected = [(wrong[1], 0.16), (wrong[2], 0.24), (wrong[3], 0.16), (draws[0].labels["text"] != clean, 0.16)]
    for other, both in expected:
        assert np.mean(wrong[0] & other) == pytest.approx(both, abs=4 * np.sqrt(both * (1 - both) / N))


def test_per_pair_gives_all_views_one_label() -> None:
    corruption, receipt = draw(0.8, per_pair=True)
    np.testing.assert_array_equal(*corruption.labels.values())
    assert not np.shares_memory(*corruption.labels.values())
    assert receipt.per_pair
    assert receipt.realised == {"image": 0.8, "text": 0.8}


def test_per_pair_refuses_views_with_different_truths() -> None:
    labels = {**truth(), "text": (truth()["text"] + 1) % K}
    with pytest.raises(BadInput, match="views differ in their clean labels"):
        make(Asymmetric(per_pair=True), "asymmetric", "digits", labels, K, 0.4, 0)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({2: 10}, r"there is no class 10 among 0\.\.9"),
        ({-1: 3}, r"there is no class -1 among 0\.\.9"),
        ({12: 3}, r"there is no class 12 among 0\.\.9"),
        ({1: 2, 4: 4}, "class 4 is mapped to itself"),
        ({}, "the map names no class"),
    ],
)
def test_an_unusable_map_is_explained(given: dict[int, int], complaint: str) -> None:
    with pytest.raises(BadParams, match=rf"params\.yaml, noises\.asymmetric, map: {complaint}; "):
        draw(0.4, map=given)


@pytest.mark.parametrize("map", ["drawn", {0: 1}])
def test_one_class_leaves_no_wrong_one(map: Any) -> None:
    with pytest.raises(BadParams, match="there is no wrong class"):
        make(Asymmetric(map=map), "asymmetric", "digits", {"image": np.zeros(9, np.int64)}, 1, 0.5, 0)
