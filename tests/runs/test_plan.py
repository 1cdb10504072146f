"""Which cells there are, which are trained, and that one that fails does not take the others with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.core import plugins as discovery
from pipeline.core.cells import CellKey
from pipeline.core.corruption import Corruption
from pipeline.core.errors import BadParams, UnknownName
from pipeline.core.runs import Need
from pipeline.features.base import store as featurestore
from pipeline.features.base.store import Features
from pipeline.methods.mcca import MCCA
from pipeline.noise.base import Noise, NoiseReceipt, make
from pipeline.runs import plan as grid
from pipeline.runs.plan import Cell, keys, plan, run_all
from pipeline.runs.store import CellStore
from tests.support import tiny

pytestmark = pytest.mark.usefixtures("one_process")


@pytest.fixture
def features(tmp_path: Path) -> Features:
    return tiny.features(tmp_path / "features")


class Draws:
    """The noise of the tiny dataset; picklable, so that it reaches worker processes."""

    def __init__(self, features: Features) -> None:
        self.train = features.splits["train"]

    def __call__(self, key: CellKey) -> tuple[Corruption, NoiseReceipt]:
        assert key.noise is not None
        assert key.rate is not None
        noise = discovery.build("pipeline.noise", key.noise, Noise, {})
        train = self.train
        return make(noise, key.noise, key.dataset, train.labels, train.classes, key.rate, key.seed or 0, train.views)


def planned(params: dict[str, Any], method: str, features: Features) -> list[Cell]:
    return plan(params, "emoji", method, features, Draws(features))


def ran(params: dict[str, Any], cells: list[Cell], features: Features, store: CellStore) -> list[Cell]:
    return list(run_all(params, cells, features, Draws(features), store))


def contents(store: CellStore, cell: Cell) -> dict[str, bytes]:
    files = store.path(cell.fingerprint).iterdir()
    return {file.name: file.read_bytes() for file in files if file.name != "cost.json"}


def test_a_deterministic_label_free_method_has_one_cell() -> None:
    params = tiny.params()
    params["grid"] |= {"rates": [0.2, 0.4], "seeds": [0, 1, 2]}
    assert list(keys(params, "emoji", "mcca")) == [CellKey("emoji", "mcca", "default", None, None, None)]


def test_a_label_free_method_with_a_seed_has_a_cell_per_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MCCA, "random", True)
    params = tiny.params()
    params["grid"] |= {"rates": [0.2, 0.4], "seeds": [0, 1]}
    assert [(key.rate, key.seed) for key in keys(params, "emoji", "mcca")] == [(None, 0), (None, 1)]


def test_a_labelled_method_has_a_cell_per_rate_seed_and_variant() -> None:
    params = tiny.params()
    params["grid"] |= {"rates": [0.2, 0.4], "seeds": [0, 1, 2]}
    params["methods"]["ce"]["variants"]["wide"] = {"embedding": 8}
    found = list(keys(params, "emoji", "ce"))
    assert len({key.name for key in found}) == len(set(found)) == len(found) == 12
    assert {key.variant for key in found} == {"default", "wide"}


def test_further_noises_add_cells_with_rates_of_their_own() -> None:
    params = tiny.params()
    params["grid"] |= {"rates": [0.2, 0.4], "seeds": [0, 1]}
    params["methods"]["ce"]["variants"]["wide"] = {"embedding": 8}
    before = set(keys(params, "emoji", "ce"))
    methods = {"ce": ["default"], "mcca": ["default"]}
    params["further"] = [{"dataset": "emoji", "noises": ["pairflip"], "rates": [0.1], "methods": methods}]
    added = set(keys(params, "emoji", "ce")) - before
    assert added == {CellKey("emoji", "ce", "default", "pairflip", 0.1, seed) for seed in (0, 1)}
    assert list(keys(params, "emoji", "mcca")) == [CellKey("emoji", "mcca", "default", None, None, None)]


def test_a_method_without_labels_is_not_shown_as_standing_wrong_pairs() -> None:
    params = tiny.params()
    methods = {"mcca": ["default"]}
    params["further"] = [{"dataset": "emoji", "noises": ["mismatched"], "rates": [0.2], "methods": methods}]
    with pytest.raises(BadParams, match="'mcca' uses no labels and is trained once, but noise 'mismatched' pairs"):
        list(keys(params, "emoji", "mcca"))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"epoch": 3}, UnknownName, "did you mean 'epochs'"),
        ({"epochs": "many"}, BadParams, "'epochs' is 'many'"),
        ({"learning_rate": -1.0}, BadParams, "'learning_rate' is -1.0"),
    ],
)
def test_all_settings_are_checked_before_training(
    features: Features, change: dict[str, Any], error: type[BadParams], message: str
) -> None:
    params = tiny.params()
    params["methods"]["ce"]["variants"]["broken"] = change
    with pytest.raises(error, match=message):
        planned(params, "ce", features)


def test_only_the_missing_cells_are_trained_and_all_are_given(
    features: Features, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params, store = tiny.params(), CellStore(tmp_path / "cells")
    cells = planned(params, "ce", features)
    assert ran(params, cells, features, store) == cells
    before = contents(store, cells[0])
    params["grid"]["seeds"] = [0, 1]
    trained, train = [], grid._train

    def counted(method: Any, cell: Cell, *rest: Any) -> Cell:
        trained.append(cell.key.seed)
        return train(method, cell, *rest)

    monkeypatch.setattr(grid, "_train", counted)
    more = planned(params, "ce", features)
    assert more[0] == cells[0]
    assert ran(params, more, features, store) == more
    assert trained == [1]
    assert contents(store, more[0]) == before
    assert ran(params, more, features, store) == more
    assert trained == [1]


def test_a_result_tells_its_key_and_its_history(features: Features, tmp_path: Path) -> None:
    params, store = tiny.params(), CellStore(tmp_path / "cells")
    (cell,) = ran(params, planned(params, "ce", features), features, store)
    result, cost = store.read(cell.fingerprint)
    assert CellKey(**result["key"]) == cell.key
    assert (result["status"], result["fingerprint"], result["code"]) == ("done", cell.fingerprint, cell.code)
    assert [row["epoch"] for row in result["history"]] == [1, 2]
    assert {"loss/total", "valid/mean", "accuracy/clean"} <= set(result["history"][0])
    assert cost["seconds"] > 0
    assert cost["peak_memory"] > 1e6
    assert cost["parameters"] == 5 * 4 + 4 + 4 * 4 + 4 + 4 * 4 + 4 + 4 * 4 + 4 + 4 * 3
    states = {"result.json", "best_validation.npz", "last_epoch.npz"}
    assert set(contents(store, cell)) == states | {"suspicion.npz", "posterior_readout.npz", "model.safetensors"}


def test_a_method_without_labels_keeps_its_model_alone(features: Features, tmp_path: Path) -> None:
    params, store = tiny.params(), CellStore(tmp_path / "cells")
    (cell,) = ran(params, planned(params, "mcca", features), features, store)
    states = {"result.json", "best_validation.npz", "last_epoch.npz"}
    assert set(contents(store, cell)) == states | {"model.safetensors"}


@pytest.mark.parametrize("batch_size", [8, 100])
def test_a_cell_that_diverges_fails_and_the_others_are_done(
    features: Features, tmp_path: Path, batch_size: int
) -> None:
    params, store = tiny.params(), CellStore(tmp_path / "cells")
    wild = {"learning_rate": 1e30, "epochs": 4, "batch_size": batch_size}
    params["methods"]["ce"]["variants"] = {"wild": wild, "default": {}}
    cells = ran(params, planned(params, "ce", features), features, store)
    results = {cell.key.variant: store.read(cell.fingerprint)[0] for cell in cells}
    assert results["default"]["status"] == "done"
    assert results["wild"]["status"] == "failed"
    assert "is not finite" in results["wild"]["reason"]


def test_a_method_for_two_views_is_skipped_elsewhere(
    features: Features, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MCCA, "needs", frozenset({Need.PAIRS, Need.TWO_VIEWS}))
    assert not planned(tiny.params(), "mcca", features)[0].skip
    views, *_ = tiny.arrays()
    three = tmp_path / "three"
    tiny.store(three, views=views | {"cloud": views["image"]}, extractors=tiny.EXTRACTORS | {"cloud": "voxel_grid"})
    params, store = tiny.params(), CellStore(tmp_path / "cells")
    features = featurestore.read(three)
    (cell,) = ran(params, planned(params, "mcca", features), features, store)
    result, _ = store.read(cell.fingerprint)
    assert result["status"] == "skipped"
    assert result["reason"] == "needs exactly two views, emoji has 3"
    assert set(contents(store, cell)) == {"result.json"}


def test_two_runs_give_the_same_bits_also_with_two_processes(
    features: Features, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = tiny.params()
    params["grid"]["seeds"] = [0, 1]
    cells = planned(params, "ce", features)
    stores = [CellStore(tmp_path / name) for name in ("first", "second", "third")]
    for store, workers in zip(stores, (1, 1, 2), strict=True):
        monkeypatch.setattr(grid, "cpu_count", lambda workers=workers: workers)
        assert {cell.key for cell in ran(params, cells, features, store)} == {cell.key for cell in cells}
    for cell in cells:
        first, *others = (contents(store, cell) for store in stores)
        assert all(other == first for other in others)
    assert contents(stores[0], cells[0]) != contents(stores[0], cells[1])
