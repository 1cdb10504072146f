"""Extraction in blocks by several processes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pipeline.core.datasets import RawView
from pipeline.core.errors import BadInput
from pipeline.features import base
from pipeline.features.base import BLOCK, Extractor, extract

CPU = torch.device("cpu")


class Cumulative(Extractor):
    """Features that show which samples were computed together: sums within a batch."""

    display = "cumulative"
    accepts = frozenset({"features"})

    def __init__(self, batch_size: int) -> None:
        self.batch_size = batch_size

    def transform(self, samples, device, progress):
        size = self.batch_size or len(samples)
        if (np.asarray(samples) < 0).any():
            raise BadInput("a sample is negative", "extractor", "drop it")
        parts = [np.cumsum(samples[start : start + size], axis=0) for start in range(0, len(samples), size)]
        progress(len(samples), len(samples))
        return np.concatenate(parts).astype(np.float32)


def features(size):
    return np.random.default_rng(0).random((size, 2))


def run(batch_size, samples, progress=lambda done, total: None):
    return extract(Cumulative(batch_size), RawView("features", samples), np.ones(len(samples), bool), 0, CPU, progress)


@pytest.mark.parametrize("batch_size", [1, 7, 100, 0])
@pytest.mark.parametrize("size", [3, BLOCK, 2 * BLOCK + 5])
def test_blocks_are_whole_batches_in_order(batch_size, size):
    samples = features(size)
    whole = Cumulative(batch_size).transform(samples, CPU, lambda done, total: None)
    np.testing.assert_array_equal(run(batch_size, samples), whole)


def test_progress_rises_to_the_end():
    seen = []
    run(1, features(3 * BLOCK), lambda done, total: seen.append((done, total)))
    assert seen == [(BLOCK * part, 3 * BLOCK) for part in (1, 2, 3)]


def test_a_mistake_in_another_process_is_still_one_sentence():
    samples = features(3 * BLOCK)
    samples[-1] = -1
    with pytest.raises(BadInput, match=r"extractor: a sample is negative; drop it."):
        run(1, samples)


def test_what_takes_no_time_is_computed_here(monkeypatch):
    monkeypatch.setattr(base, "Parallel", None)
    assert len(run(0, features(3 * BLOCK))) == 3 * BLOCK
