"""The folder is the registry: files become plug-ins, mistakes in names and settings are named."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.core import plugins
from pipeline.core.errors import BadParams, UnknownName

BASE = """
from abc import ABC, abstractmethod
class Animal(ABC):
    @abstractmethod
    def sound(self) -> str: ...
"""
CAT = """
from kennel.base import Animal
class Cat(Animal):
    def __init__(self, lives: int = 9, names: list[str] | None = None) -> None:
        self.lives, self.names = lives, names
    def sound(self) -> str:
        return "meow"
"""
BEE = """
from dataclasses import dataclass
from kennel.base import Animal
@dataclass
class Bee(Animal):
    wings: int = 4
    def sound(self) -> str:
        return "buzz"
"""
TWINS = """
from kennel.base import Animal
from kennel.cat import Cat
class One(Cat): ...
class Two(Cat): ...
"""


@pytest.fixture(autouse=True)
def kennel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package of plug-ins: base, cat, twins."""
    folder = tmp_path / "kennel"
    folder.mkdir()
    for name, text in {"__init__": "", "base": BASE, "cat": CAT, "twins": TWINS}.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "kennel"]:
        del sys.modules[name]


def animal() -> type:
    return importlib.import_module("kennel.base").Animal


def test_names_are_the_files_without_base() -> None:
    assert plugins.names("kennel") == ["cat", "twins"]


def test_a_file_dropped_into_the_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "kennel" / "dog.py").write_text(CAT.replace("Cat", "Dog").replace("meow", "woof"))
    assert plugins.names("kennel") == ["cat", "dog", "twins"]
    assert plugins.build("kennel", "dog", animal(), {}).sound() == "woof"


def test_settings_reach_the_constructor() -> None:
    cat = plugins.build("kennel", "cat", animal(), {"lives": 7, "names": ["Tom"]})
    assert (cat.lives, cat.names) == (7, ["Tom"])


def test_a_plugin_may_be_a_dataclass(tmp_path: Path) -> None:
    (tmp_path / "kennel" / "bee.py").write_text(BEE)
    assert plugins.build("kennel", "bee", animal(), {"wings": 2}).wings == 2
    with pytest.raises(BadParams, match="'wings' is 'none'"):
        plugins.build("kennel", "bee", animal(), {"wings": "none"})


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"kennel: unknown name 'cta'; did you mean 'cat'\?"):
        plugins.build("kennel", "cta", animal(), {})


def test_a_wrong_setting_suggests_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"params.yaml, kennel.cat: unknown name 'live'; did you mean 'lives'\?"):
        plugins.build("kennel", "cat", animal(), {"live": 3})


@pytest.mark.parametrize(("setting", "value"), [("lives", "many"), ("names", "Tom"), ("lives", 1.5)])
def test_a_setting_of_the_wrong_type_is_named(setting: str, value: object) -> None:
    with pytest.raises(BadParams, match=rf"params.yaml, kennel.cat: '{setting}' is {value!r}: .*; correct the value"):
        plugins.build("kennel", "cat", animal(), {setting: value})


def test_a_missing_setting_is_named(tmp_path: Path) -> None:
    (tmp_path / "kennel" / "fish.py").write_text(CAT.replace("Cat", "Fish").replace("int = 9", "int"))
    with pytest.raises(BadParams, match=r"params.yaml, kennel.fish: the setting 'lives' is missing; add it"):
        plugins.build("kennel", "fish", animal(), {})


def test_a_file_with_two_plugins_is_refused() -> None:
    with pytest.raises(TypeError, match="must define one concrete Animal, it defines 2"):
        plugins.find("kennel", "twins", animal())


def test_the_projects_own_folders_import() -> None:
    for package in ("pipeline.data", "pipeline.features", "pipeline.noise", "pipeline.methods"):
        assert plugins.names(package)
