"""Mismatched pairs: who moves, who stays, which label stands there, and that methods train on it."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.core.corruption import Corruption
from pipeline.core.errors import BadInput, BadParams
from pipeline.core.splits import Array, Labels
from pipeline.noise.base import NoiseReceipt, make
from pipeline.noise.mismatched import Mismatched
from pipeline.runs.cell import run_cell
from tests.support import paired

N = 20_000
VIEWS = ("image", "text", "cloud")


def truth(classes: int = 10) -> Labels:
    return dict.fromkeys(VIEWS, np.random.default_rng(0).integers(0, classes, N))


def draw(rate: float, seed: int = 0, classes: int = 10) -> tuple[Corruption, NoiseReceipt]:
    return make(Mismatched(), "mismatched", "digits", truth(classes), classes, rate, seed)


def moved(rows: Array) -> Array:
    return rows != np.arange(N)


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
def test_exactly_the_selected_pairs_are_wrong_in_every_later_view(rate: float) -> None:
    corruption, _ = draw(rate)
    assert list(corruption.rows) == ["text", "cloud"]
    for rows in corruption.rows.values():
        assert moved(rows).sum() == int(rate * N)
        np.testing.assert_array_equal(np.sort(rows), np.arange(N))
    np.testing.assert_array_equal(*map(moved, corruption.rows.values()))


def test_later_views_get_samples_of_different_pairs() -> None:
    text, cloud = draw(0.8)[0].rows.values()
    assert np.mean(text[moved(text)] == cloud[moved(text)]) < 0.01


@pytest.mark.parametrize("rate", [0.2, 0.8])
@pytest.mark.parametrize("classes", [2, 10])
def test_wrong_labels_are_those_whose_sample_is_of_another_class(rate: float, classes: int) -> None:
    corruption, receipt = draw(rate, classes=classes)
    for noisy in corruption.labels.values():
        np.testing.assert_array_equal(noisy, truth(classes)["image"])
    assert receipt.per_pair
    assert receipt.realised["image"] == 0
    wrong = 1 - 1 / classes
    for view in VIEWS[1:]:
        assert receipt.realised[view] == pytest.approx(
            rate * wrong, abs=4 * np.sqrt(rate * wrong * (1 - wrong) / N) + 0.002
        )


def test_all_views_carry_the_label_of_the_first() -> None:
    labels = {"image": truth()["image"], "text": (truth()["text"] + 1) % 10}
    corruption, receipt = make(Mismatched(), "mismatched", "digits", labels, 10, 0.4, 0)
    for noisy in corruption.labels.values():
        np.testing.assert_array_equal(noisy, labels["image"])
        assert not any(np.shares_memory(noisy, clean) for clean in labels.values())
    assert receipt.realised["text"] > 0.6


def test_seeds_and_rates_select_independently() -> None:
    first, *others = (draw(*cell)[0].rows["text"] for cell in ((0.4, 0), (0.4, 1), (0.6, 0)))
    for other, both in zip(others, (0.16, 0.24), strict=True):
        assert np.mean(moved(first) & moved(other)) == pytest.approx(both, abs=4 * np.sqrt(both * (1 - both) / N))
        assert np.mean(first[moved(first)] == other[moved(first)]) < 0.01


def test_one_view_has_nothing_to_be_paired_with() -> None:
    with pytest.raises(BadInput, match="noise 'mismatched': there is no view beside 'image' to pair; "):
        make(Mismatched(), "mismatched", "digits", {"image": np.zeros(9, np.int64)}, 2, 0.5, 0)


def test_one_pair_has_nobody_to_exchange_with() -> None:
    labels = dict.fromkeys(VIEWS, np.arange(10) % 2)
    with pytest.raises(BadParams, match=r"experiments: rate 0\.1 of 10 pairs is a single pair"):
        make(Mismatched(), "mismatched", "digits", labels, 2, 0.1, 0)
    rows = make(Mismatched(), "mismatched", "digits", labels, 2, 0.2, 0)[0].rows["text"]
    assert (rows != np.arange(10)).sum() == 2


def test_a_validation_split_is_paired_wrongly_among_its_own_samples() -> None:
    """At the same rate, by other exchanges; MAP with its noise reads text embeddings at their new places."""
    train, valid = paired.split(60, 0), paired.split(20, 1)
    with_validation, alone = (
        make(Mismatched(), "mismatched", "toy", train.labels, paired.CLASSES, 0.5, 0, valid=split)[0]
        for split in (valid, None)
    )
    np.testing.assert_array_equal(with_validation.rows["text"], alone.rows["text"])
    noise = with_validation.valid
    assert noise is not None
    assert list(noise.rows) == ["text"]
    rows = noise.rows["text"]
    np.testing.assert_array_equal(np.sort(rows), np.arange(20))
    assert (rows != np.arange(20)).sum() == 10
    for noisy in noise.labels.values():
        np.testing.assert_array_equal(noisy, valid.labels["image"])
    moved_views = noise.moved(valid.views)
    np.testing.assert_array_equal(moved_views["text"], valid.views["text"][rows])
    np.testing.assert_array_equal(moved_views["image"], valid.views["image"])


@pytest.mark.parametrize("method", ["ce", "mrl", "gma"])
def test_methods_train_on_wrong_pairs(method: str) -> None:
    train, valid, test = paired.split(60, 0), paired.split(20, 1), paired.split(30, 2)
    embedded = {}
    for rate in (0.0, 0.8):
        noise, receipt = make(Mismatched(), "mismatched", "toy", train.labels, paired.CLASSES, rate, 0)
        outcome = run_cell(paired.make(method), train, valid, test, noise, 0, paired.CPU, watched=True)
        assert outcome.status == "done"
        assert all("accuracy/corrupted" in row for row in outcome.history if receipt.realised["text"])
        embedded[rate] = outcome.embeddings["last_epoch"]["text"]
    assert np.isfinite(embedded[0.8]).all()
    assert not np.allclose(embedded[0.0], embedded[0.8])
