"""Packages that some extractors need and the default install leaves out."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from pipeline.core.errors import MissingFiles


def installed(module: str) -> bool:
    """Whether the module is there; it is not imported."""
    return find_spec(module) is not None


def package(module: str, extra: str) -> Any:
    """The module that an extra of pyproject.toml brings. Raises MissingFiles that says how to install it."""
    if not installed(module):
        raise MissingFiles("it is not installed", f"package '{module}'", f"run `pip install '.[{extra}]'`")
    return import_module(module)
