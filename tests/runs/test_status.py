"""Every cell of the grid is told as what it is, with what it cost and about how long the rest takes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline.config.project import Project
from pipeline.core import plugins
from pipeline.core.cells import CellKey
from pipeline.features.base import store as featurestore
from pipeline.noise.base import Noise, make
from pipeline.noise.base import store as noise_store
from pipeline.runs import status
from pipeline.runs.fingerprint import code_fingerprint
from pipeline.runs.finished_cell import FinishedCell, write_cost, write_result
from pipeline.runs.plan import build, is_watched, keys, prepare, resolve
from pipeline.runs.status import CellStatus, MethodStatus, TimeLeft, cost_so_far, method_status, sentence
from pipeline.runs.store import CellStore
from tests.support import tiny

KEYS = [CellKey("emoji", "ce", "default", "symmetric", 0.2, seed) for seed in (0, 1, 2)]


def project() -> Project:
    return tiny.project(tiny.experiment(seeds=[0, 1, 2]))


def code() -> str:
    return code_fingerprint(build(project(), KEYS[0]))


@pytest.fixture
def prepared(tmp_path: Path) -> tuple[Path, Path]:
    """Features and noisy labels of the tiny dataset."""
    features, noise = tmp_path / "features", tmp_path / "noise"
    train = tiny.features(features).splits["train"]
    noise.mkdir()
    source = plugins.build("pipeline.noise", "symmetric", Noise, {})
    for seed in (0, 1, 2):
        drawn = make(source, "symmetric", "emoji", train.labels, train.classes, 0.2, seed, train.views)
        noise_store.write(*drawn, noise / noise_store.file_name("symmetric", 0.2, seed))
    return features, noise


@pytest.fixture
def store(tmp_path: Path) -> CellStore:
    return CellStore(tmp_path / "cells")


def fill(store: CellStore, fingerprint: str, state: str = "done", reason: str = "", seconds: float = 1800.0) -> None:
    def write(folder: Path) -> None:
        write_result(FinishedCell(folder, KEYS[0], state, reason, "code", fingerprint, "features", None, [], None))
        write_cost(folder, {"seconds": seconds, "device": "cpu"})

    store.add(fingerprint, write)


def result(
    folders: tuple[Path, Path], store: CellStore, recorded: Mapping[CellKey, Mapping[str, str]] | None = None
) -> MethodStatus:
    return method_status(project(), "emoji", "ce", folders, store, (recorded or {}).items())


def fingerprints(folders: tuple[Path, Path]) -> list[str]:
    return [str(status._fingerprint(key, code(), is_watched(project(), key), *folders)) for key in KEYS]


def test_an_untouched_grid_is_missing(prepared: tuple[Path, Path], store: CellStore) -> None:
    assert result(prepared, store).counts == {"missing": 3}


def test_done_failed_and_running_cells_are_told_apart(prepared: tuple[Path, Path], store: CellStore) -> None:
    first, second, third = fingerprints(prepared)
    fill(store, first)
    fill(store, second, "failed", "epoch 3: 'loss/total' is not finite", 60.0)
    with store.running(third):
        now = result(prepared, store)
    assert [(cell.key.seed, cell.state) for cell in now.cells] == [(0, "done"), (1, "failed"), (2, "running")]
    assert now.reasons() == ["1 failed: epoch 3: 'loss/total' is not finite"]
    assert result(prepared, store).counts == {"done": 1, "failed": 1, "missing": 1}


def test_the_fingerprints_are_those_that_training_uses(prepared: tuple[Path, Path], store: CellStore) -> None:
    features, noise = prepared
    cells = prepare(
        resolve(project(), "emoji", "ce"),
        featurestore.read(features),
        lambda key: noise_store.read(noise / noise_store.file_name(key.noise, key.rate, key.seed)),
    )
    assert [cell.fingerprint for cell in cells] == fingerprints(prepared)
    assert [cell.key for cell in cells] == list(keys(project(), "emoji", "ce")) == KEYS


def test_a_record_counts_when_the_code_of_today_made_it(tmp_path: Path, store: CellStore) -> None:
    facts = {"status": "done", "reason": ""}
    recorded = {KEYS[0]: facts | {"code": code()}, KEYS[1]: facts | {"code": "older"}}
    clone = tmp_path / "no features", tmp_path / "no noise"
    assert [cell.state for cell in result(clone, store, recorded).cells] == ["recorded", "missing", "missing"]


def test_a_cell_in_the_store_is_done_whatever_is_recorded(prepared: tuple[Path, Path], store: CellStore) -> None:
    fill(store, fingerprints(prepared)[0])
    recorded = {key: {"status": "done", "reason": "", "code": code()} for key in KEYS}
    assert result(prepared, store, recorded).counts == {"done": 1, "recorded": 2}


def test_noise_that_is_not_drawn_yet_hides_no_other_cell(prepared: tuple[Path, Path], store: CellStore) -> None:
    fill(store, fingerprints(prepared)[0])
    (prepared[1] / noise_store.file_name("symmetric", 0.2, 2)).unlink()
    assert result(prepared, store).counts == {"done": 1, "missing": 2}


def cells(*states: tuple[str, float], variant: str = "default", device: str = "cpu") -> list[CellStatus]:
    key = CellKey("emoji", "ce", variant, "symmetric", 0.2, 0)
    return [CellStatus(key, state, "", seconds, device) for state, seconds in states]


def test_the_rest_takes_as_long_as_what_is_done() -> None:
    row = {"emoji": {"seconds": "7"}}
    earlier = {("emoji", "ce", "default"): row["emoji"], ("emoji", "ce", "wide"): {"seconds": "50"}}
    done = cells(("done", 100.0), ("done", 300.0), ("failed", 1.0), ("missing", 0.0), ("recorded", 0.0))
    assert TimeLeft({}, 1).seconds([MethodStatus("emoji", "ce", done)]) == 400.0
    assert TimeLeft(earlier, 2).seconds([MethodStatus("emoji", "ce", done)]) == 200.0
    wide = [*done, *cells(("running", 0.0), variant="wide")]
    assert TimeLeft({}, 1).seconds([MethodStatus("emoji", "ce", wide)]) == 600.0
    assert TimeLeft(earlier, 1).seconds([MethodStatus("emoji", "ce", wide)]) == 450.0


def test_methods_of_a_dataset_share_the_cores_and_more_cores_than_cells_do_not_help() -> None:
    one = MethodStatus("emoji", "ce", cells(("done", 100.0), ("missing", 0.0)))
    other = MethodStatus("emoji", "mrl", cells(("done", 40.0), ("missing", 0.0), ("missing", 0.0)))
    elsewhere = MethodStatus("mnist3d", "ce", cells(("done", 7.0), ("missing", 0.0)))
    assert TimeLeft({}, 2).seconds([one, other, elsewhere]) == (100.0 + 40.0 + 40.0) / 2 + 7.0
    assert TimeLeft({}, 16).seconds([one, other]) == (100.0 + 40.0 + 40.0) / 3


def test_a_method_that_nothing_is_known_of_leaves_the_time_open() -> None:
    known, unknown = (
        MethodStatus("emoji", "ce", cells(("done", 9.0))),
        MethodStatus("emoji", "mrl", cells(("missing", 0.0))),
    )
    rest = TimeLeft({}, 1)
    assert rest.text([known]) == ""
    assert rest.text([known, unknown]) == "not known"


def test_a_sentence_sums_up() -> None:
    one = MethodStatus("emoji", "ce", cells(("done", 5400.0), ("missing", 0.0), ("running", 0.0)))
    other = MethodStatus("emoji", "mrl", cells(("done", 3600.0), device="cuda:0"))
    printed = (
        "4 cells: 2 done, 1 running, 1 missing; cost so far: 1.50 CPU-hours, 1.00 GPU-hours; left: about 1 h 30 min"
    )
    assert sentence([one, other], TimeLeft({}, 2)) == printed
    assert cost_so_far([MethodStatus("emoji", "ce", cells(("done", 0.5)))]) == "0.01 CPU-hours"
