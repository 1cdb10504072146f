"""What kinds of noise share: a draw for every view, or one for all views of a sample."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.core.errors import BadInput
from pipeline.core.splits import Array
from pipeline.noise.base import redrawn

CLEAN = np.arange(50) % 5


def rng_for(*words: str) -> np.random.Generator:
    return np.random.default_rng([ord(letter) for letter in "/".join(words)])


def draw(clean: Array, rng: np.random.Generator) -> Array:
    return (clean + rng.integers(0, 5, len(clean))) % 5


def test_every_view_has_the_generator_of_its_name() -> None:
    corruption = redrawn({"image": CLEAN, "text": CLEAN[::-1]}, False, rng_for, draw)
    assert list(corruption.labels) == ["image", "text"]
    np.testing.assert_array_equal(corruption.labels["image"], draw(CLEAN, rng_for("image")))
    np.testing.assert_array_equal(corruption.labels["text"], draw(CLEAN[::-1], rng_for("text")))
    assert not corruption.rows


def test_per_pair_copies_one_draw() -> None:
    corruption = redrawn(dict.fromkeys(("image", "text", "cloud"), CLEAN), True, rng_for, draw)
    for noisy in corruption.labels.values():
        np.testing.assert_array_equal(noisy, draw(CLEAN, rng_for("pair")))
    assert not np.shares_memory(corruption.labels["image"], corruption.labels["text"])


def test_per_pair_refuses_views_with_different_truths() -> None:
    with pytest.raises(BadInput, match=r"params\.yaml, per_pair: views differ in their clean labels; set it to false"):
        redrawn({"image": CLEAN, "text": CLEAN + 1}, True, rng_for, draw)
