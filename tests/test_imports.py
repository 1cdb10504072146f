"""Rooms of the house: a module imports from its own room and from those before it, never from later ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.core.plugins import names
from tests.support.import_graph import ROOMS, count, imports, modules, room

REGISTRIES = ("data", "features", "methods", "metrics", "noise", "samples", "tracking")
LIBRARY = sorted(module for module in modules() if module.startswith("pipeline."))


@pytest.mark.parametrize("module", LIBRARY)
def test_imports_point_up_the_list_only(module: str) -> None:
    assert room(module) in ROOMS, f"{module} is in no room: add its room to ROOMS in tests/support/import_graph.py"
    allowed = ROOMS[: ROOMS.index(room(module)) + 1]
    for line, imported in sorted(imports(module)):
        assert imported.startswith("pipeline."), f"{module}, line {line}: {imported} is no part of the library"
        assert room(imported) in allowed, f"{module}, line {line}: {imported} belongs to a later room"


def is_plugin(module: str) -> bool:
    """Whether a module is a file of its own in a folder that is a registry."""
    parts = module.split(".")
    return len(parts) == 3 and parts[1] in REGISTRIES and parts[2] in names(f"pipeline.{parts[1]}")


@pytest.mark.parametrize("module", [module for module in LIBRARY if is_plugin(module)])
def test_a_plugin_imports_no_other_plugin(module: str) -> None:
    """So that a file can be taken out or copied without another; what several share stands in base/."""
    assert not [imported for _, imported in imports(module) if is_plugin(imported)]


def test_a_command_imports_no_other_command() -> None:
    """What several share stands in the library, or in the modules of stages/ that are no commands."""
    shared = {"stages", "stages.command", "stages.home", "stages.paths"}
    for module in modules():
        if module.startswith("stages."):
            reached = {name for _, name in imports(module) if name.startswith("stages")}
            assert reached <= shared, module


def test_the_package_itself_imports_nothing() -> None:
    assert not imports("pipeline")


def test_no_arrow_points_to_a_later_room() -> None:
    counts = count()
    assert counts.rooms == len(ROOMS)
    assert counts.floors <= counts.rooms
    assert counts.arrows
    assert counts.upward == 0, str(counts)


def write(root: Path, **contents: str) -> None:
    for name, content in contents.items():
        file = root / "pipeline" / name / "__init__.py"
        file.parent.mkdir(parents=True)
        file.write_text(content, encoding="utf-8")


def test_every_form_of_import_counts(tmp_path: Path) -> None:
    content = (
        "import pipeline.seeds\nfrom pipeline import errors\ndef f():\n"
        "    from pipeline.seeds import generator\n"
        "import numpy\nfrom stages import train\n"
    )
    write(tmp_path, probe=content, seeds="", errors="")
    expected = {(1, "pipeline.seeds"), (2, "pipeline.errors"), (4, "pipeline.seeds"), (6, "stages")}
    assert imports("pipeline.probe", tmp_path) == expected


def test_another_checkout_is_counted_in_its_best_order(tmp_path: Path) -> None:
    write(tmp_path, low="", ring="from pipeline import low, king", king="from pipeline import low, ring")
    write(tmp_path, above="import pipeline.ring")
    assert str(count(tmp_path)) == "rooms 4, floors 4, arrows 5, upward 1"
