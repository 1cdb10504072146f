"""The layers of the pipeline: a module imports from its own layer and from those before it, never from later ones."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = (
    ("errors",),
    ("contract",),
    ("discovery", "scaffold", "seeds", "params", "partition", "schema", "whole"),
    ("geometry", "shapes", "imagenet", "shipped", "download", "unpack"),
    ("data", "rawstore"),
    ("features", "featurestore"),
    ("noise", "noise_store"),
    ("evaluation",),
    ("losses", "networks"),
    ("training.engine",),
    ("methods",),
    ("training",),
    ("reporting",),
    ("gallery",),
    ("doctor", "catalogue"),
)
"""Top-level modules and packages; training.engine is what methods are built on, the rest of training runs them."""

FILES = sorted((ROOT / "pipeline").rglob("*.py"))


def module_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(file) for file in FILES}


def layer(module: str) -> int:
    """Position of the layer; the longest name that a layer gives wins."""
    name = module.removeprefix("pipeline.")
    found = [
        (len(member), position)
        for position, members in enumerate(LAYERS)
        for member in members
        if name == member or name.startswith(member + ".")
    ]
    assert found, f"{module} has no layer: give it one in {Path(__file__).name}"
    return max(found)[1]


def imports(file: Path) -> Iterator[tuple[int, str]]:
    """Line and name of every module of this project that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file.name}:{node.lineno} has a relative import"
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in MODULES else str(node.module) for name in inside]
        else:
            continue
        yield from ((node.lineno, name) for name in names if name.split(".")[0] in ("pipeline", "stages"))


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_imports_point_up_only(file: Path) -> None:
    module = module_of(file)
    if module == "pipeline":
        assert not list(imports(file))
        return
    for line, imported in imports(file):
        assert not imported.startswith("stages"), f"{module}, line {line}: the library imports a stage"
        assert layer(imported) <= layer(module), f"{module}, line {line}: {imported} belongs to a later layer"


def test_the_check_sees_every_form_of_import(tmp_path: Path) -> None:
    file = tmp_path / "probe.py"
    file.write_text(
        "import pipeline.core.seeds\nfrom pipeline.core import errors\ndef f():\n"
        "    from pipeline.core.seeds import generator\n"
        "import numpy\nfrom stages import train\n"
    )
    assert sorted(imports(file)) == [
        (1, "pipeline.core.seeds"),
        (2, "pipeline.core.errors"),
        (4, "pipeline.core.seeds"),
        (6, "stages"),
    ]


def test_layers_name_what_exists() -> None:
    known = {name.removeprefix("pipeline.") for name in MODULES}
    assert {member for members in LAYERS for member in members} <= known
