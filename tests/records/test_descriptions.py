"""What is recorded of a dataset beside its results."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pipeline.core.datasets import RawDataset
from pipeline.records import descriptions
from pipeline.records.reader import Records
from pipeline.retrieval.chance import chance_map

SOURCE: Any = SimpleNamespace(display="Emoji", task="image-text", source="Twemoji", licence="CC-BY 4.0", clean=True)


def test_chance_is_that_of_the_test_split_alone(tmp_path: Path) -> None:
    split = np.array(["train"] * 6 + ["valid"] * 2 + ["test"] * 4)
    labels = np.array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1])
    raw = RawDataset([str(n) for n in range(12)], {}, labels, split, [str(n) for n in range(12)], ["a", "b"])
    written = descriptions.describe(SOURCE, raw, {"image": np.zeros((12, 3))}, {"image": "Pixels"})
    assert written["chance"] == round(chance_map(np.array([0, 0, 1, 1])), 6)
    by_hand = np.mean([(1 / (a + 1) + 2 / (b + 1)) / 2 for a, b in combinations(range(4), 2)])
    assert written["chance"] == pytest.approx(by_hand, abs=1e-6), "the mean over all places of two items among four"
    descriptions.write(tmp_path, "emoji", written)
    assert Records(tmp_path).description("emoji") == written
    assert written["sizes"] == {"train": 6, "valid": 2, "test": 4}


def test_a_description_from_before_chance_was_recorded_is_still_read(records: Path) -> None:
    described = Records(records).description("emoji")
    assert described is not None
    assert "chance" not in described
