"""What a small cell of a label-free network leaves in the store is the state that validation chose."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from pipeline.config.load import parse
from pipeline.core.cells import DONE, CellKey
from pipeline.core.criteria import BEST_VALIDATION, LAST_EPOCH
from pipeline.core.runs import Run
from pipeline.methods.base import validation_scores
from pipeline.runs.models import read_model
from pipeline.runs.plan import prepare, resolve
from pipeline.runs.pool import train_cells
from pipeline.runs.store import CellStore
from tests.support import tiny
from tests.support.paired import CPU, settings

pytestmark = pytest.mark.usefixtures("one_process")
SEEDS = [3, 5]


def no_noise(key: CellKey) -> NoReturn:
    raise AssertionError("a label-free method is given no noise")


@pytest.mark.parametrize("name", ["dcca", "dccae", "lc_only"])
def test_the_first_seed_keeps_the_epoch_that_validation_chose_whatever_its_number(name: str, tmp_path: Path) -> None:
    params = tiny.experiment(methods=[name], seeds=SEEDS)
    params["methods"][name] = {"default": settings(name, epochs=30, batch_size=24, learning_rate=0.03, embedding=3)}
    features, store = tiny.features(tmp_path / "features"), CellStore(tmp_path / "cells")
    cells = prepare(resolve(parse(params), "emoji", name), features, no_noise)
    assert [cell.key.seed for cell in train_cells(cells, features, no_noise, store)] == SEEDS
    stored, other = (store.read(cell.fingerprint) for cell in cells)
    assert (stored.status, other.status) == (DONE, DONE)
    assert stored.states == (BEST_VALIDATION, LAST_EPOCH)
    assert stored.model is not None
    assert other.model is None

    means = [row["valid/mean"] for row in stored.history]
    best = int(np.argmax(means))
    assert best < len(means) - 1
    method, again, key = read_model(stored.model, CPU)
    assert key.seed == SEEDS[0]
    valid, test = features.splits["valid"], features.splits["test"]
    scores = validation_scores(again.transform(valid.views), valid)
    assert scores == {column: stored.history[best][column] for column in scores}
    refitted = method.fit(features.splits["train"], valid, Run(SEEDS[0], CPU)).at(BEST_VALIDATION)
    for view, z in again.transform(test.views).items():
        np.testing.assert_array_equal(z, stored.embeddings(BEST_VALIDATION)[view])
        np.testing.assert_array_equal(z, refitted.transform(test.views)[view])
        assert np.abs(z - stored.embeddings(LAST_EPOCH)[view]).max() > 0.01 * np.abs(z).max()
