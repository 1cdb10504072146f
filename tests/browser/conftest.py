"""A real browser for the pages of the project, and an accessibility checker where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.support.chromium import Chromium, Page, installed


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    program = installed()
    if program is None:
        pytest.skip("no Chromium on this machine: install chromium or google-chrome")
    with Chromium(program) as browser:
        yield browser


@pytest.fixture
def tab(chromium: Chromium) -> Iterator[Page]:
    page = chromium.page()
    yield page
    page.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core."""
    package = find_spec("axe_core_python")
    if package is None or package.origin is None:
        pytest.skip("axe-core is not installed: pip install -r requirements-dev.txt")
    return (Path(package.origin).parent / "axe.min.js").read_text(encoding="utf-8")


def findings(page: Page, axe: str) -> list[dict[str, Any]]:
    """Serious and critical findings of axe-core on what the page shows now."""
    page.evaluate(axe)
    rules = "{resultTypes: ['violations']}"
    every = page.evaluate(f"axe.run(document, {rules}).then(found => found.violations)")
    return [
        {"rule": one["id"], "where": [node["target"] for node in one["nodes"]][:5]}
        for one in every
        if one["impact"] in ("serious", "critical")
    ]
