"""Fingerprints name all that makes a cell; the store has a cell whole or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from pipeline.contract import CellKey
from pipeline.training import cells
from pipeline.training.cells import SHARED_CODE, CellStore, cell_fingerprint, code_fingerprint

ROOT = Path(__file__).parents[2]
KEY = CellKey("emoji", "ce", "default", "symmetric", 0.2, 0)
PLAIN = """
class Net:
    def forward(self, x):
        return x + 1
"""
COMMENTED = '''"""A module."""
# a comment


class Net:
    """A net."""

    def forward(self, x):  # one more
        """Forward."""
        return (x + 1)
'''


@pytest.fixture
def of_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """The code fingerprint of a method that shares one module with this source."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(cells, "SHARED_CODE", ("shared_probe",))

    def fingerprint(source: str) -> str:
        (tmp_path / "shared_probe.py").write_text(source, encoding="utf-8")
        cells._module_digest.cache_clear()
        return code_fingerprint("ce", {})

    return fingerprint


def test_comments_and_docstrings_do_not_count(of_source: Callable[[str], str]) -> None:
    assert of_source(COMMENTED) == of_source(PLAIN)


@pytest.mark.parametrize(("old", "new"), [("x + 1", "x + 2"), ("forward", "backward"), ("x + 1", "x - 1")])
def test_code_counts(of_source: Callable[[str], str], old: str, new: str) -> None:
    assert of_source(PLAIN.replace(old, new)) != of_source(PLAIN)


def test_settings_and_the_methods_own_file_count() -> None:
    found = {
        code_fingerprint(method, settings)
        for method in ("ce", "mrl")
        for settings in ({}, {"epochs": 2}, {"epochs": 3}, {"batch_size": 2})
    }
    assert len(found) == 8


def test_the_order_of_settings_does_not_count() -> None:
    assert code_fingerprint("ce", {"a": 1, "b": 2}) == code_fingerprint("ce", {"b": 2, "a": 1})


def test_all_that_makes_a_cell_counts() -> None:
    changed = [
        replace(KEY, **{part: value})
        for part, value in {
            "dataset": "mnist3d",
            "method": "mrl",
            "variant": "other",
            "noise": "other",
            "rate": 0.4,
            "seed": 1,
        }.items()
    ]
    found = [cell_fingerprint(key, "code", "features", "noise") for key in (KEY, *changed)]
    found.append(cell_fingerprint(KEY, "other", "features", "noise"))
    found.append(cell_fingerprint(KEY, "code", "other", "noise"))
    found.append(cell_fingerprint(KEY, "code", "features", "other"))
    found.append(cell_fingerprint(KEY, "code", "features", None))
    assert len(set(found)) == len(found)
    assert cell_fingerprint(KEY, "code", "features", "noise") == found[0]


def test_dvc_lists_the_same_code() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    listed = [dep for dep in stages["train"]["deps"] if dep.startswith("pipeline/")]
    fingerprinted = ["pipeline/methods/${item.method}.py"]
    for module in SHARED_CODE:
        spec = find_spec(module)
        assert spec is not None
        fingerprinted.append(Path(str(spec.origin)).relative_to(ROOT).as_posix())
    assert sorted(listed) == sorted(fingerprinted)


def fill(folder: Path) -> None:
    (folder / "result.json").write_text(json.dumps({"status": "done"}))
    (folder / "cost.json").write_text(json.dumps({"seconds": 1}))
    (folder / "last_epoch.npz").write_bytes(b"numbers")


def test_a_cell_is_added_and_read(tmp_path: Path) -> None:
    store = CellStore(tmp_path / "cells")
    assert "abc" not in store
    store.add("abc", fill)
    assert "abc" in store
    assert store.read("abc") == ({"status": "done"}, {"seconds": 1})
    assert [folder.name for folder in store.root.iterdir()] == ["abc"]


def test_a_killed_process_leaves_no_cell(tmp_path: Path) -> None:
    script = """
import os, signal, sys
from pathlib import Path
from pipeline.training.cells import CellStore
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
    assert store.read("abc")[0] == {"status": "done"}


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
