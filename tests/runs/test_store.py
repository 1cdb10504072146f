"""Fingerprints name all that makes a cell; the store has a cell whole or not at all."""

from __future__ import annotations

import ast
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from pipeline.core import plugins as discovery
from pipeline.core.cells import CellKey
from pipeline.runs import store as cells
from pipeline.runs.store import CellStore, cell_fingerprint, code_behind, code_fingerprint

ROOT = Path(__file__).parents[2]
METHODS = discovery.names("pipeline.methods")
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


def file_of(module: str) -> Path:
    spec = find_spec(module)
    assert spec is not None
    return Path(str(spec.origin))


class Code:
    """The project's code as cells reads it, with modules that can be given another source."""

    def __init__(self) -> None:
        self.changed: dict[str, str] = {}

    def tree(self, module: str) -> ast.Module:
        source = self.changed.get(module)
        return ast.parse(file_of(module).read_text(encoding="utf-8") if source is None else source)

    def change(self, sources: dict[str, str]) -> None:
        """Give modules of pipeline another source."""
        self.changed = {f"pipeline.{name}": source for name, source in sources.items()}
        self.forget()

    def of_source(self, source: str) -> str:
        """The fingerprint of CE where this stands in its file."""
        self.change({"methods.ce": source})
        return code_fingerprint("ce", {})

    @staticmethod
    def forget() -> None:
        cells._imported.cache_clear()
        cells._module_digest.cache_clear()


@pytest.fixture
def code(monkeypatch: pytest.MonkeyPatch) -> Iterator[Code]:
    code = Code()
    monkeypatch.setattr(cells, "_tree", code.tree)
    code.forget()
    yield code
    code.forget()


def test_comments_and_docstrings_do_not_count(code: Code) -> None:
    assert code.of_source(COMMENTED) == code.of_source(PLAIN)


@pytest.mark.parametrize(("old", "new"), [("x + 1", "x + 2"), ("forward", "backward"), ("x + 1", "x - 1")])
def test_code_counts(code: Code, old: str, new: str) -> None:
    assert code.of_source(PLAIN.replace(old, new)) != code.of_source(PLAIN)


@pytest.mark.parametrize(
    ("module", "counts", "does_not"),
    [
        ("losses.robust_clustering", {"mrl", "lr_only", "elrcmr"}, {"rono", "lc_only", "ce", "mcca"}),
        ("losses.contrastive", {"mrl", "lc_only", "rono", "elrcmr"}, {"ce", "lr_only", "deep_sm", "pls"}),
        ("methods.base.closed_form", {"mcca", "pls"}, {"mrl", "rono"}),
        ("methods.base.deep", {"deep_sm", "rono", "mrl"}, {"mcca", "pls"}),
        ("methods.base.prototypes", {"ce", "mrl", "elrcmr"}, {"rono", "deep_sm", "mcca"}),
        ("networks", {"deep_sm", "ce", "rono"}, {"mcca", "pls"}),
        ("training.engine", {"ce", "rono"}, {"mcca", "pls"}),
        ("methods.ce", {"ce"}, {"mrl", "deep_sm", "mcca"}),
        ("training.run", {*METHODS}, set()),
        ("training.keepsakes", {*METHODS}, set()),
        ("evaluation.readout", {*METHODS}, set()),
        ("methods.base", {*METHODS}, set()),
        ("evaluation.ranking", {*METHODS}, set()),
        ("contract", {*METHODS}, set()),
        ("errors", set(), {*METHODS}),
        ("noise.base", set(), {*METHODS}),
        ("reporting.table", set(), {*METHODS}),
    ],
)
def test_a_changed_module_changes_the_methods_that_import_it(
    code: Code, module: str, counts: set[str], does_not: set[str]
) -> None:
    before = {method: code_fingerprint(method, {}) for method in counts | does_not}
    source = file_of(f"pipeline.{module}").read_text(encoding="utf-8")
    code.change({module: source + "\nCHANGED = 1\n"})
    assert {method for method in before if code_fingerprint(method, {}) != before[method]} == counts


def test_every_form_of_import_is_followed_but_those_for_type_checking(
    code: Code, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cells, "ROOTS", ("pipeline.root",))
    code.change(
        {
            "root": "from pipeline.core.errors import BadInput",
            "errors": "import pipeline.behind_errors",
            "methods.probe": """
import numpy, pipeline.plain
from typing import TYPE_CHECKING
from pipeline.part import name as other
if TYPE_CHECKING:
    from pipeline.types_alone import Name
    if True:
        import pipeline.types_deeper
else:
    import pipeline.otherwise
def later():
    from pipeline.lazy import name
try:
    import pipeline.guarded
except ImportError:
    pass
""",
            "plain": "import pipeline.part",
            "part": "from pipeline.second import name",
            "second": "from pipeline.methods.probe import itself",
            "lazy": "if TYPE_CHECKING:\n    import pipeline.types_alone",
            "guarded": "",
            "otherwise": "",
        }
    )
    found = [name.removeprefix("pipeline.") for name in code_behind("pipeline.methods.probe")]
    assert found == ["guarded", "lazy", "methods.probe", "otherwise", "part", "plain", "root", "second"]


@pytest.mark.parametrize("method", METHODS)
def test_nothing_that_python_imports_is_missed(method: str) -> None:
    """The modules that importing a method and what runs it really loads; packages that hold nothing do not count."""

    def ours() -> dict[str, ModuleType]:
        return {name: module for name, module in sys.modules.items() if name.split(".")[0] == "pipeline"}

    before = ours()
    for name in before:
        del sys.modules[name]
    try:
        importlib.import_module("pipeline.runs.cell")
        importlib.import_module("pipeline.runs.extras")
        importlib.import_module(f"pipeline.methods.{method}")
        loaded = set(ours())
    finally:
        for name in ours():
            del sys.modules[name]
        sys.modules.update(before)
    empty = {name for name in loaded if not [s for s in cells._tree(name).body if not cells._is_docstring(s)]}
    assert loaded - empty - {"pipeline.core.errors"} == set(code_behind(f"pipeline.methods.{method}"))


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


def test_dvc_lists_the_code_behind_all_methods() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    listed = [dep for dep in stages["train"]["deps"] if dep.startswith("pipeline/")]
    folders = tuple(f"{dep}/" for dep in listed if (ROOT / dep).is_dir())
    behind = set()
    for method in METHODS:
        own = f"pipeline.methods.{method}"
        assert own in code_behind(own)
        behind |= {file_of(module).relative_to(ROOT).as_posix() for module in code_behind(own) if module != own}
    assert all(any(file.startswith(folder) for file in behind) for folder in folders)
    single = {file for file in behind if not file.startswith(folders)}
    files = [dep for dep in listed if f"{dep}/" not in folders]
    assert sorted(files) == sorted(["pipeline/methods/${item.method}.py", *single])


def test_no_method_stands_behind_another() -> None:
    """DVC lists one method's own file for each stage."""
    for method in METHODS:
        names = {module.removeprefix("pipeline.methods.") for module in code_behind(f"pipeline.methods.{method}")}
        assert names & {*METHODS} == {method}


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
from pipeline.training.cells import CellStore
with CellStore(Path(sys.argv[1])).running("abc"):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, check=False, timeout=60)
    assert list(tmp_path.iterdir())
    assert not CellStore(tmp_path).is_running("abc")
    with CellStore(tmp_path).running("abc"):
        assert CellStore(tmp_path).is_running("abc")
    assert not list(tmp_path.iterdir())
