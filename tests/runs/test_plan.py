"""Which cells there are, which are trained, and that one that fails does not take the others with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.load import parse
from pipeline.config.project import Project
from pipeline.core import plugins
from pipeline.core.cells import DONE, FAILED, SKIPPED, CellKey
from pipeline.core.corruption import Corruption
from pipeline.core.errors import BadInput, BadParams, UnknownName
from pipeline.core.runs import Need
from pipeline.features.base import store as featurestore
from pipeline.features.base.store import Features
from pipeline.methods.mcca import MCCA
from pipeline.noise.base import Noise, NoiseReceipt, make
from pipeline.runs import pool
from pipeline.runs.fingerprint import code_fingerprint
from pipeline.runs.plan import Cell, PlannedCell, build, is_watched, keys, prepare, read_plan, resolve, write_plan
from pipeline.runs.pool import train_cells
from pipeline.runs.store import CellStore
from tests.support import tiny

pytestmark = pytest.mark.usefixtures("one_process")
STATES = {"result.json", "best_validation.npz", "last_epoch.npz"}
MCCA_CELL = CellKey("emoji", "mcca", "default", None, None, None)


@pytest.fixture
def features(tmp_path: Path) -> Features:
    return tiny.features(tmp_path / "features")


@pytest.fixture
def store(tmp_path: Path) -> CellStore:
    return CellStore(tmp_path / "cells")


class Draws:
    """The noise of the tiny dataset."""

    def __init__(self, features: Features) -> None:
        self.train = features.splits["train"]

    def __call__(self, key: CellKey) -> tuple[Corruption, NoiseReceipt]:
        assert key.noise is not None
        assert key.rate is not None
        noise = plugins.build("pipeline.noise", key.noise, Noise, {})
        train = self.train
        return make(noise, key.noise, key.dataset, train.labels, train.classes, key.rate, key.seed or 0, train.views)


def prepared(project: Project, method: str, features: Features) -> list[Cell]:
    return prepare(resolve(project, "emoji", method), features, Draws(features))


def trained(cells: Sequence[Cell], features: Features, store: CellStore) -> list[Cell]:
    return list(train_cells(cells, features, Draws(features), store))


def contents(store: CellStore, cell: Cell) -> dict[str, bytes]:
    files = store.path(cell.fingerprint).iterdir()
    return {file.name: file.read_bytes() for file in files if file.name != "cost.json"}


def with_variants(params: dict[str, Any], **variants: dict[str, Any]) -> dict[str, Any]:
    """The same params.yaml with variants of CE."""
    params["methods"]["ce"]["variants"] = variants
    return params


def with_experiment(params: dict[str, Any], noise: str, methods: dict[str, list[str]], **changes: Any) -> Project:
    """The project with a further experiment beside the first one, of another noise."""
    params["noises"][noise] = {}
    further = {"name": "further", "beside": "default", "noises": [noise], "methods": methods}
    params["experiments"].append(params["experiments"][0] | further | changes)
    return parse(params)


def test_a_deterministic_label_free_method_has_one_cell() -> None:
    project = parse(tiny.experiment(rates=[0.2, 0.4], seeds=[0, 1, 2]))
    assert list(keys(project, "emoji", "mcca")) == [MCCA_CELL]


def test_a_label_free_method_with_a_seed_has_a_cell_per_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MCCA, "random", True)
    project = parse(tiny.experiment(rates=[0.2, 0.4], seeds=[0, 1]))
    assert [(key.rate, key.seed) for key in keys(project, "emoji", "mcca")] == [(None, 0), (None, 1)]


def test_a_labelled_method_has_a_cell_per_rate_seed_and_variant() -> None:
    params = with_variants(tiny.experiment(rates=[0.2, 0.4], seeds=[0, 1, 2]), wide={"embedding": 8})
    result = list(keys(parse(params), "emoji", "ce"))
    assert len({key.name for key in result}) == len(set(result)) == len(result) == 12
    assert {key.variant for key in result} == {"default", "wide"}


def test_further_experiments_add_cells_with_rates_of_their_own() -> None:
    params = with_variants(tiny.experiment(rates=[0.2, 0.4], seeds=[0, 1]), wide={"embedding": 8})
    before = set(keys(parse(params), "emoji", "ce"))
    methods = {"ce": ["default"], "mcca": ["default"]}
    project = with_experiment(params, "pairflip", methods, rates=[0.1])
    added = set(keys(project, "emoji", "ce")) - before
    assert added == {CellKey("emoji", "ce", "default", "pairflip", 0.1, seed) for seed in (0, 1)}
    assert list(keys(project, "emoji", "mcca")) == [MCCA_CELL]


def test_an_experiment_of_another_page_adds_no_cells() -> None:
    """What is trained on a dataset is the first experiment that has it; a second one may hold the same cells."""
    params = tiny.experiment(rates=[0.2, 0.4])
    project = with_experiment(params, "symmetric", {"ce": ["default"]}, rates=[0.4, 0.6], beside=None)
    assert [key.rate for key in keys(project, "emoji", "ce")] == [0.2, 0.4]


def test_a_method_without_labels_is_not_shown_as_standing_wrong_pairs() -> None:
    project = with_experiment(tiny.params(), "mismatched", {"mcca": ["default"]})
    with pytest.raises(BadParams, match="'mcca' uses no labels and is trained once, but noise 'mismatched' pairs"):
        list(keys(project, "emoji", "mcca"))


def test_cells_of_the_datasets_first_seed_are_watched() -> None:
    project = with_experiment(tiny.experiment(seeds=[3, 0]), "pairflip", {"ce": ["default"]}, seeds=[0, 3])
    assert {key.seed for key in keys(project, "emoji", "ce") if is_watched(project, key)} == {3}
    assert {key.noise for key in keys(project, "emoji", "ce") if is_watched(project, key)} == {"symmetric", "pairflip"}
    assert is_watched(project, MCCA_CELL)


def test_a_planned_cell_has_the_settings_of_its_variant_and_its_code() -> None:
    project = parse(with_variants(tiny.experiment(seeds=[0, 1]), wide={"embedding": 8}))
    cells = resolve(project, "emoji", "ce")
    assert [cell.key for cell in cells] == list(keys(project, "emoji", "ce"))
    assert [(cell.key.variant, cell.key.seed, cell.settings["embedding"], cell.watched) for cell in cells] == [
        ("default", 0, 4, True),
        ("default", 1, 4, False),
        ("wide", 0, 8, True),
        ("wide", 1, 8, False),
    ]
    assert [cell.code for cell in cells] == [code_fingerprint(build(project, cell.key)) for cell in cells]
    assert len({cell.code for cell in cells}) == 2


@pytest.mark.parametrize("method", ["ce", "mcca"])
def test_a_plan_is_read_as_it_was_written(tmp_path: Path, method: str) -> None:
    cells = resolve(parse(tiny.experiment(rates=[0.2, 0.4], seeds=[0, 1])), "emoji", method)
    file = tmp_path / f"{method}.json"
    write_plan(file, cells)
    assert read_plan(file) == cells


def test_the_same_plan_is_the_same_bytes(tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in ("first.json", "second.json", "third.json"))
    cells = resolve(parse(tiny.params()), "emoji", "ce")
    write_plan(first, cells)
    write_plan(second, resolve(parse(tiny.params()), "emoji", "ce"))
    write_plan(third, read_plan(first))
    assert first.read_bytes() == second.read_bytes() == third.read_bytes()
    write_plan(first, [replace(cell, code="other") for cell in cells])
    assert first.read_bytes() != second.read_bytes()


@pytest.mark.parametrize(
    "content", [None, "", "[{", "null", '[{"watched": true}]', '[{"key": {"dataset": "emoji"}}]', "\udcff"]
)
def test_a_plan_that_is_missing_or_broken_is_refused(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ce.json"
    if content is not None:
        file.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(BadInput, match=r"ce.json: there is no plan of cells; run `dvc repro`"):
        read_plan(file)


BROKEN = pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"epoch": 3}, UnknownName, "did you mean 'epochs'"),
        ({"epochs": "many"}, BadParams, "'epochs' is 'many'"),
        ({"learning_rate": -1.0}, BadParams, r"'learning_rate' is -1\.0"),
    ],
)


@BROKEN
def test_all_settings_are_checked_when_they_are_planned(
    change: dict[str, Any], error: type[BadParams], message: str
) -> None:
    project = parse(with_variants(tiny.params(), broken=change))
    with pytest.raises(error, match=message):
        resolve(project, "emoji", "ce")


@BROKEN
def test_all_settings_are_checked_before_training(
    features: Features, change: dict[str, Any], error: type[BadParams], message: str
) -> None:
    (cell,) = resolve(parse(tiny.params()), "emoji", "ce")
    broken: PlannedCell = replace(cell, settings={**cell.settings, **change})
    with pytest.raises(error, match=message):
        prepare([cell, broken], features, Draws(features))


def test_a_cell_is_named_by_its_features_its_labels_and_the_code_of_today(features: Features, tmp_path: Path) -> None:
    (planned,) = resolve(parse(tiny.params()), "emoji", "ce")
    (cell,) = prepare([planned], features, Draws(features))
    assert (cell.key, cell.settings, cell.watched, cell.code) == (planned.key, planned.settings, True, planned.code)
    assert (cell.features, cell.labels) == (features.digest, Draws(features)(cell.key)[1].hash)
    (same,) = prepare([replace(planned, code="older")], features, Draws(features))
    assert (same.code, same.fingerprint) == (cell.code, cell.fingerprint)
    views, *_ = tiny.arrays(1)
    tiny.store(tmp_path / "others", views=views)
    others = featurestore.read(tmp_path / "others")
    changed = [
        *prepare([replace(planned, settings={**planned.settings, "epochs": 3})], features, Draws(features)),
        *prepare([replace(planned, watched=False)], features, Draws(features)),
        *prepare([planned], others, Draws(features)),
        *prepare([planned], features, lambda key: Draws(features)(replace(key, rate=0.8))),
    ]
    assert len({cell.fingerprint, *(other.fingerprint for other in changed)}) == 5


def test_a_method_without_labels_is_prepared_without_noise(features: Features) -> None:
    (cell,) = prepared(parse(tiny.params()), "mcca", features)
    assert cell.labels is None


def test_only_the_missing_cells_are_trained_and_all_are_given(
    features: Features, store: CellStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = prepared(parse(tiny.params()), "ce", features)
    assert trained(cells, features, store) == cells
    before = contents(store, cells[0])
    seeds, train_cell = [], pool.train_cell

    def counted(cell: Cell, *rest: Any) -> Cell:
        seeds.append(cell.key.seed)
        return train_cell(cell, *rest)

    monkeypatch.setattr(pool, "train_cell", counted)
    more = prepared(parse(tiny.experiment(seeds=[0, 1])), "ce", features)
    assert more[0].fingerprint == cells[0].fingerprint
    assert trained(more, features, store) == more
    assert seeds == [1]
    assert contents(store, more[0]) == before
    assert trained(more, features, store) == more
    assert seeds == [1]


def test_finished_cells_are_given_first(features: Features, store: CellStore) -> None:
    first, second = prepared(parse(tiny.experiment(seeds=[0, 1])), "ce", features)
    assert trained([second], features, store) == [second]
    assert trained([first, second], features, store) == [second, first]


def test_a_result_tells_its_key_and_its_history(features: Features, store: CellStore) -> None:
    (cell,) = trained(prepared(parse(tiny.params()), "ce", features), features, store)
    stored = store.read(cell.fingerprint)
    assert stored.key == cell.key
    assert (stored.status, stored.reason) == (DONE, "")
    assert (stored.fingerprint, stored.code) == (cell.fingerprint, cell.code)
    assert (stored.features, stored.labels) == (cell.features, cell.labels)
    assert [row["epoch"] for row in stored.history] == [1, 2]
    assert {"loss/total", "valid/mean", "accuracy/clean"} <= set(stored.history[0])
    cost = stored.cost()
    assert cost["seconds"] > 0
    assert cost["peak_memory"] > 1e6
    assert cost["parameters"] == 5 * 4 + 4 + 4 * 4 + 4 + 4 * 4 + 4 + 4 * 4 + 4 + 4 * 3
    assert set(contents(store, cell)) == STATES | {"suspicion.npz", "posterior_readout.npz", "model.safetensors"}


def test_a_cell_that_is_not_watched_keeps_no_model(features: Features, store: CellStore) -> None:
    first, second = trained(prepared(parse(tiny.experiment(seeds=[0, 1])), "ce", features), features, store)
    assert set(contents(store, first)) - set(contents(store, second)) == {"model.safetensors"}
    assert "accuracy/clean" in store.read(first.fingerprint).history[0]
    assert "accuracy/clean" not in store.read(second.fingerprint).history[0]


def test_a_method_without_labels_keeps_its_model_alone(features: Features, store: CellStore) -> None:
    (cell,) = trained(prepared(parse(tiny.params()), "mcca", features), features, store)
    assert set(contents(store, cell)) == STATES | {"model.safetensors"}


@pytest.mark.parametrize("batch_size", [8, 100])
def test_a_cell_that_diverges_fails_and_the_others_are_done(
    features: Features, store: CellStore, batch_size: int
) -> None:
    wild = {"learning_rate": 1e30, "epochs": 4, "batch_size": batch_size}
    methods = {"ce": ["wild", "default"]}
    project = parse(with_variants(tiny.experiment(methods=methods), wild=wild))
    cells = trained(prepared(project, "ce", features), features, store)
    assert [cell.key.variant for cell in cells] == ["wild", "default"]
    failed, done = (store.read(cell.fingerprint) for cell in cells)
    assert done.status == DONE
    assert failed.status == FAILED
    assert "is not finite" in failed.reason
    assert set(contents(store, cells[0])) == {"result.json"}


def test_a_method_for_two_views_is_skipped_elsewhere(
    features: Features, store: CellStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MCCA, "needs", frozenset({Need.PAIRS, Need.TWO_VIEWS}))
    project = parse(tiny.params())
    assert not prepared(project, "mcca", features)[0].skip
    views, *_ = tiny.arrays()
    three = tmp_path / "three"
    tiny.store(three, views=views | {"cloud": views["image"]}, extractors=tiny.EXTRACTORS | {"cloud": "voxel_grid"})
    features = featurestore.read(three)
    (cell,) = trained(prepared(project, "mcca", features), features, store)
    stored = store.read(cell.fingerprint)
    assert stored.status == SKIPPED
    assert stored.reason == "needs exactly two views, emoji has 3"
    assert set(contents(store, cell)) == {"result.json"}


def test_two_runs_give_the_same_bits_also_with_two_processes(
    features: Features, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = prepared(parse(tiny.experiment(seeds=[0, 1])), "ce", features)
    stores = [CellStore(tmp_path / name) for name in ("first", "second", "third")]
    for store, workers in zip(stores, (1, 1, 2), strict=True):
        monkeypatch.setattr(pool, "cpu_count", lambda workers=workers: workers)
        assert {cell.key for cell in trained(cells, features, store)} == {cell.key for cell in cells}
    for cell in cells:
        first, *others = (contents(store, cell) for store in stores)
        assert all(other == first for other in others)
    assert contents(stores[0], cells[0])["last_epoch.npz"] != contents(stores[0], cells[1])["last_epoch.npz"]
