"""The store has a cell whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.core.cells import DONE, CellKey
from pipeline.core.errors import BadInput
from pipeline.runs.finished_cell import FinishedCell, write_cost, write_result
from pipeline.runs.store import CellStore

ROOT = Path(__file__).parents[2]
KEY = CellKey("emoji", "ce", "default", "symmetric", 0.2, 0)


def fill(folder: Path) -> None:
    write_result(FinishedCell(folder, KEY, DONE, "", "c0de", "abc", "features", "labels", [{"epoch": 1}], None))
    write_cost(folder, {"seconds": 1})
    (folder / "last_epoch.npz").write_bytes(b"numbers")


def test_a_cell_is_added_and_read(tmp_path: Path) -> None:
    store = CellStore(tmp_path / "cells")
    assert "abc" not in store
    store.add("abc", fill)
    assert "abc" in store
    stored = store.read("abc")
    expected = FinishedCell(store.path("abc"), KEY, DONE, "", "c0de", "abc", "features", "labels", [{"epoch": 1}], None)
    assert stored == expected
    assert stored.cost() == {"seconds": 1}
    assert stored.states == ("last_epoch",)
    assert [folder.name for folder in store.root.iterdir()] == ["abc"]


def test_a_cell_that_is_not_there_is_no_finished_cell(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no folder of a finished cell"):
        CellStore(tmp_path).read("abc")


def test_a_killed_process_leaves_no_cell(tmp_path: Path) -> None:
    script = """
import os, signal, sys
from pathlib import Path
from pipeline.runs.store import CellStore
def write(folder):
    (folder / "result.json").write_text("{")
    os.kill(os.getpid(), signal.SIGKILL)
CellStore(Path(sys.argv[1])).add("abc", write)
"""
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, check=False, timeout=60)
    assert done.returncode == -9
    store = CellStore(tmp_path)
    assert "abc" not in store
    store.add("abc", fill)
    assert store.read("abc").status == DONE


def test_an_interrupted_write_leaves_nothing(tmp_path: Path) -> None:
    def write(folder: Path) -> None:
        fill(folder)
        raise KeyboardInterrupt

    store = CellStore(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        store.add("abc", write)
    assert not list(tmp_path.iterdir())


def test_two_at_once_are_harmless(tmp_path: Path) -> None:
    store = CellStore(tmp_path)

    def slow(folder: Path) -> None:
        fill(folder)
        (folder / "mine").touch()
        CellStore(tmp_path).add("abc", fill)

    store.add("abc", slow)
    assert [folder.name for folder in tmp_path.iterdir()] == ["abc"]
    assert not (store.path("abc") / "mine").exists()


def test_a_rename_that_fails_for_another_reason_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(PermissionError):
        CellStore(tmp_path).add("abc", fill)


def test_publishing_links_the_results_without_the_cost(tmp_path: Path) -> None:
    store = CellStore(tmp_path / "cells")
    store.add("abc", fill)
    folder = tmp_path / "runs" / "cell"
    store.publish("abc", folder)
    assert sorted(file.name for file in folder.iterdir()) == ["last_epoch.npz", "result.json"]
    for file in folder.iterdir():
        assert file.samefile(store.path("abc") / file.name)


def test_publishing_copies_where_links_are_impossible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(os, "link", refuse)
    store = CellStore(tmp_path / "cells")
    store.add("abc", fill)
    store.publish("abc", tmp_path / "cell")
    assert (tmp_path / "cell" / "last_epoch.npz").read_bytes() == b"numbers"


def test_a_running_cell_is_known_while_it_runs(tmp_path: Path) -> None:
    store = CellStore(tmp_path / "cells")
    assert not store.is_running("abc")
    with store.running("abc"):
        assert store.is_running("abc")
        assert "abc" not in store
        assert not store.is_running("abcd")
    assert not store.is_running("abc")
    assert not list(store.root.iterdir())


def test_a_mark_that_came_from_elsewhere_is_not_running(tmp_path: Path) -> None:
    (tmp_path / "running-abc").write_text(str(os.getpid()))
    assert not CellStore(tmp_path).is_running("abc")


def test_of_two_that_compute_a_cell_the_first_one_shows_it(tmp_path: Path) -> None:
    store = CellStore(tmp_path)
    with store.running("abc"):
        with CellStore(tmp_path).running("abc"):
            pass
        assert store.is_running("abc")


def test_a_killed_process_is_not_running(tmp_path: Path) -> None:
    script = """
import os, signal, sys
from pathlib import Path
from pipeline.runs.store import CellStore
with CellStore(Path(sys.argv[1])).running("abc"):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, check=False, timeout=60)
    assert list(tmp_path.iterdir())
    assert not CellStore(tmp_path).is_running("abc")
    with CellStore(tmp_path).running("abc"):
        assert CellStore(tmp_path).is_running("abc")
    assert not list(tmp_path.iterdir())
