"""Fingerprints name all that makes a cell's numbers, and nothing else."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest

from pipeline.core import plugins
from pipeline.core.cells import CellKey
from pipeline.core.papers import Paper
from pipeline.methods.ce import CE
from pipeline.runs import fingerprint
from pipeline.runs.fingerprint import cell_fingerprint, code_behind, code_fingerprint
from tests.support.paired import make

METHODS = plugins.names("pipeline.methods")
CLOSED = {"gma", "gss_sl", "mcca", "mvda", "mvda_vc", "pls"}
DEEP = {*METHODS} - CLOSED - {"klr"}
TAUGHT = DEEP | {"klr"}
"""Methods whose labels come from a source that their settings name."""
KEY = CellKey("emoji", "ce", "default", "symmetric", 0.2, 0)
PLAIN = """
class Net:
    display = "Net"
    needs = 1

    def forward(self, x):
        if x is None:
            raise ValueError("nothing")
        y: int = x + 1
        return y
"""
COMMENTED = '''"""A module."""
# a comment


class Net:
    """A net."""

    display = "Net"
    needs = 1

    def forward(self, x):  # one more
        """Forward."""
        if x is None:
            raise ValueError("nothing")
        y: int = (x + 1)
        return y
'''


def source_of(module: str) -> str:
    spec = find_spec(module)
    assert spec is not None
    return Path(str(spec.origin)).read_text(encoding="utf-8")


class Code:
    """The project's code as fingerprints read it, with modules that can be given another source."""

    def __init__(self) -> None:
        self.changed: dict[str, str] = {}
        self.read = fingerprint._parse

    def parse(self, module: str) -> ast.Module:
        source = self.changed.get(module)
        return self.read(module) if source is None else ast.parse(source)

    def change(self, sources: dict[str, str]) -> None:
        """Give modules of pipeline another source."""
        self.changed = {f"pipeline.{name}": source for name, source in sources.items()}
        self.forget()

    def of_source(self, source: str, **others: str) -> str:
        """The fingerprint of CE where this stands in its file. others: further modules of pipeline."""
        self.change({"methods.ce": source} | others)
        return code_fingerprint(make("ce"))

    @staticmethod
    def forget() -> None:
        for cached in (fingerprint._digest, fingerprint._imported, fingerprint._essence, fingerprint._is_module):
            cached.cache_clear()


@pytest.fixture
def code(monkeypatch: pytest.MonkeyPatch) -> Iterator[Code]:
    code = Code()
    monkeypatch.setattr(fingerprint, "_parse", code.parse)
    code.forget()
    yield code
    code.forget()


def test_comments_and_docstrings_do_not_count(code: Code) -> None:
    assert code.of_source(COMMENTED) == code.of_source(PLAIN)


@pytest.mark.parametrize(
    "added",
    [
        "import numpy",
        "from pathlib import Path",
        "from pipeline.learning.losses import contrastive",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pipeline.reporting import page\n    Name = page",
    ],
)
def test_import_statements_do_not_count(code: Code, added: str) -> None:
    assert code.of_source(added + PLAIN) == code.of_source(PLAIN)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(self, x)", "(self, x: int)"),
        ("(self, x)", "(self, x) -> int"),
        ("y: int", "y: float"),
    ],
)
def test_annotations_do_not_count(code: Code, old: str, new: str) -> None:
    assert code.of_source(PLAIN.replace(old, new)) == code.of_source(PLAIN)


@pytest.mark.parametrize("new", ['ValueError("no x")', 'ValueError(f"{x} is nothing") from None'])
def test_what_an_error_says_does_not_count(code: Code, new: str) -> None:
    assert code.of_source(PLAIN.replace('ValueError("nothing")', new)) == code.of_source(PLAIN)


@pytest.mark.parametrize(
    "described",
    [
        'display = "A net"',
        'display: ClassVar[str] = "A net"',
        'display = "Net"\n    paper = Paper(title="Nets")',
        'display = "Net"\n    paper: ClassVar[Paper] = Paper(title="Nets")',
    ],
)
def test_what_only_readers_see_of_a_method_does_not_count(code: Code, described: str) -> None:
    assert code.of_source(PLAIN.replace('display = "Net"', described)) == code.of_source(PLAIN)


def test_an_import_that_only_readers_need_is_not_followed(code: Code) -> None:
    written = "from pipeline.core.papers import Paper" + PLAIN.replace('"Net"', '"Net"\n    paper = Paper("Nets")')
    code.of_source(written)
    assert Paper.__module__ not in code_behind("pipeline.methods.ce")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x + 1", "x + 2"),
        ("x + 1", "x - 1"),
        ("forward", "backward"),
        ("is None", "is not None"),
        ('raise ValueError("nothing")', "return None"),
        ("needs = 1", "needs = 2"),
        ("    needs = 1\n", ""),
    ],
)
def test_code_counts(code: Code, old: str, new: str) -> None:
    assert code.of_source(PLAIN.replace(old, new)) != code.of_source(PLAIN)


def test_a_moved_module_does_not_count_but_what_it_holds_does(code: Code) -> None:
    use = "\ndef f(x):\n    return loss(x)\n"
    body = "def loss(x):\n    return x\n"
    first = code.of_source("from pipeline.aaa import loss" + use, aaa=body)
    assert code.of_source("from pipeline.zzz import loss" + use, zzz=body) == first
    assert code.of_source("from pipeline.zzz import loss" + use, zzz=body.replace("x\n", "-x\n")) != first
    assert code.of_source(use) != first


def test_a_renamed_method_keeps_its_fingerprint(code: Code, monkeypatch: pytest.MonkeyPatch) -> None:
    before = code.of_source(PLAIN)
    method = make("ce")
    monkeypatch.setattr(CE, "__module__", "pipeline.methods.zzz_renamed")
    code.change({"methods.zzz_renamed": PLAIN})
    assert code_fingerprint(method) == before


@pytest.mark.parametrize(
    ("module", "counts"),
    [
        ("learning.losses.canonical", {"dcca", "dccae", "smln"}),
        ("learning.losses.contrastive", {"mrl", "lc_only", "rono", "elrcmr", "dac"}),
        ("learning.losses.distances", {"dscmr", "sdml"}),
        ("learning.losses.robust_clustering", {"mrl", "lr_only", "elrcmr"}),
        ("learning.loop", DEEP),
        ("learning.networks", DEEP),
        ("learning.shared_network", DEEP),
        ("methods.base", {*METHODS}),
        ("methods.base.canonical", {"dcca", "dccae"}),
        ("methods.base.closed_form", CLOSED),
        ("methods.base.deep", DEEP),
        ("methods.base.label_em", TAUGHT),
        ("methods.base.linear", {"gma", "gss_sl", "mvda", "mvda_vc"}),
        ("methods.base.pictures", {"rono", "witness"}),
        ("methods.base.posteriors", {"deep_sm", "fgcrossnet"}),
        ("methods.base.prototypes", {"ce", "mrl", "lr_only", "elrcmr", "gce", "forward", "co_teaching"}),
        ("methods.base.soft_regression", TAUGHT),
        ("methods.base.targets", TAUGHT),
        ("methods.ce", {"ce"}),
        ("methods.klr", {"klr"}),
        ("methods.mcca", {"mcca"}),
        ("retrieval.hits", {*METHODS}),
        ("retrieval.match_probability", {*METHODS}),
        ("retrieval.ranking", {*METHODS}),
        ("runs.cell", {*METHODS}),
        ("runs.extras", {*METHODS}),
        ("core.corruption", {*METHODS}),
        ("core.seeds", TAUGHT),
        ("core.splits", {*METHODS}),
        ("core.errors", set()),
        ("core.papers", set()),
        ("methods.base.mrl_paper", set()),
        ("metrics.base", set()),
        ("metrics.map", set()),
        ("noise.base", set()),
        ("noise.symmetric", set()),
        ("reporting.figures", set()),
        ("reporting.page", set()),
        ("reporting.tables", set()),
        ("retrieval.detection", set()),
        ("retrieval.nearest", set()),
        ("runs.pool", set()),
        ("runs.store", set()),
        ("tracking.base", set()),
        ("tracking.mlflow", set()),
    ],
)
def test_a_changed_module_changes_the_methods_that_import_it(code: Code, module: str, counts: set[str]) -> None:
    before = {method: code_fingerprint(make(method)) for method in METHODS}
    code.change({module: source_of(f"pipeline.{module}") + "\nCHANGED = 1\n"})
    assert {method for method in METHODS if code_fingerprint(make(method)) != before[method]} == counts


def behind(code: Code, monkeypatch: pytest.MonkeyPatch, **sources: str) -> list[str]:
    """Modules behind a method whose file is methods.probe, without those that run every method."""
    monkeypatch.setattr(fingerprint, "ROOTS", ("pipeline.root",))
    code.change({name.replace("__", "."): source for name, source in sources.items()})
    return [name.removeprefix("pipeline.") for name in code_behind("pipeline.methods.probe")]


def test_every_form_of_import_is_followed_but_those_for_type_checking(
    code: Code, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = """
import numpy, pipeline.plain
import pipeline.named as short
from typing import TYPE_CHECKING
from pipeline.part import name as other
from pipeline.learning import networks
if TYPE_CHECKING:
    from pipeline.types_alone import Name
    if True:
        import pipeline.types_deeper
def later(x: Name):
    from pipeline.lazy import late
    return late(x)
try:
    from pipeline.guarded import fast
except ImportError:
    fast = None
pipeline.plain.run(numpy, short, other, networks, fast)
"""
    result = behind(
        code,
        monkeypatch,
        root="from pipeline.core.errors import BadInput\nBadInput",
        core__errors="from pipeline.behind_errors import f\nf()",
        methods__probe=probe,
        plain="from pipeline.part import name\nname",
        part="from pipeline.second import name",
        second="from pipeline.methods.probe import itself\nitself",
        lazy="if TYPE_CHECKING:\n    from pipeline.types_alone import Name\nName",
        named="",
        learning__networks="",
        guarded="",
    )
    assert result == ["guarded", "lazy", "learning.networks", "methods.probe", "named", "part", "plain", "root"]


def test_a_name_that_is_never_used_is_not_followed(code: Code, monkeypatch: pytest.MonkeyPatch) -> None:
    probe = """
import pipeline.unused_too as short
from pipeline.part import used, unused
from pipeline.unused import name
raise used(name)
"""
    result = behind(code, monkeypatch, root="", methods__probe=probe, part="", unused="", unused_too="")
    assert result == ["methods.probe", "root"]
    result = behind(code, monkeypatch, root="", methods__probe=probe + "used()", part="", unused="", unused_too="")
    assert result == ["methods.probe", "part", "root"]


@pytest.mark.parametrize("method", METHODS)
def test_nothing_that_python_imports_is_missed(method: str) -> None:
    """What importing a method and what runs it really loads, but for empty packages and what makes no number."""

    def ours() -> dict[str, ModuleType]:
        return {name: module for name, module in sys.modules.items() if name.split(".")[0] == "pipeline"}

    before = ours()
    for name in before:
        del sys.modules[name]
    try:
        for module in (*fingerprint.ROOTS, f"pipeline.methods.{method}"):
            importlib.import_module(module)
        loaded = set(ours())
    finally:
        for name in ours():
            del sys.modules[name]
        sys.modules.update(before)
    empty = {name for name in loaded if not fingerprint._essence(name).body}
    silent = {"pipeline.core.errors", "pipeline.core.papers", "pipeline.methods.base.mrl_paper"}
    assert loaded - empty - silent == set(code_behind(f"pipeline.methods.{method}"))


def test_no_method_stands_behind_another() -> None:
    for method in METHODS:
        names = {module.removeprefix("pipeline.methods.") for module in code_behind(f"pipeline.methods.{method}")}
        assert names & {*METHODS} == {method}


def test_settings_and_the_methods_own_file_count() -> None:
    result = {
        code_fingerprint(make(method, **settings))
        for method in ("ce", "mrl")
        for settings in ({}, {"epochs": 5}, {"epochs": 6}, {"batch_size": 5})
    }
    assert len(result) == 8


@pytest.mark.parametrize("name", METHODS)
def test_every_setting_counts_also_one_that_params_yaml_leaves_out(name: str) -> None:
    method = cast(Any, make(name))
    before = code_fingerprint(method)
    assert code_fingerprint(replace(method)) == before
    for field in fields(method):
        assert code_fingerprint(replace(method, **{field.name: 12345})) != before, field.name


def test_a_changed_default_of_a_setting_counts() -> None:
    """Also one of a class that the method inherits from, in a file that has not changed."""

    def with_default(value: int) -> type[CE]:
        @dataclass(kw_only=True, eq=False)
        class Changed(CE):
            __module__ = CE.__module__
            patience: int = value

        return Changed

    given = {field.name: getattr(make("ce"), field.name) for field in fields(cast(Any, CE))}
    first, again, other = (code_fingerprint(with_default(value)(**given)) for value in (1, 1, 2))
    assert first == again
    assert first != other
    assert code_fingerprint(cast(Any, with_default(1))(**given, patience=2)) == other


def test_a_setting_written_as_its_default_is_the_default() -> None:
    given = {field.name: getattr(make("ce"), field.name) for field in fields(cast(Any, CE))}
    assert code_fingerprint(CE(**given)) == code_fingerprint(make("ce"))
    assert code_fingerprint(CE(**dict(reversed(given.items())))) == code_fingerprint(make("ce"))


def test_all_that_makes_a_cell_counts() -> None:
    changed = [
        replace(KEY, **cast(Any, {part: value}))
        for part, value in {
            "dataset": "mnist3d",
            "method": "mrl",
            "variant": "other",
            "noise": "other",
            "rate": 0.4,
            "seed": 1,
        }.items()
    ]
    result = [cell_fingerprint(key, "code", "features", "labels", False) for key in (KEY, *changed)]
    result.append(cell_fingerprint(KEY, "other", "features", "labels", False))
    result.append(cell_fingerprint(KEY, "code", "other", "labels", False))
    result.append(cell_fingerprint(KEY, "code", "features", "other", False))
    result.append(cell_fingerprint(KEY, "code", "features", None, False))
    result.append(cell_fingerprint(KEY, "code", "features", "labels", True))
    assert len(set(result)) == len(result)
    assert cell_fingerprint(KEY, "code", "features", "labels", False) == result[0]


def test_the_form_of_a_finished_cells_files_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    before = cell_fingerprint(KEY, "code", "features", "labels", False)
    monkeypatch.setattr(fingerprint, "LAYOUT", fingerprint.LAYOUT + 1)
    assert cell_fingerprint(KEY, "code", "features", "labels", False) != before


def test_what_stands_under_else_of_type_checking_counts(code: Code) -> None:
    source = "if TYPE_CHECKING:\n    x = 0\nelse:\n    x = 1\n"
    assert code.of_source(source) != code.of_source(source.replace("x = 1", "x = 2"))
