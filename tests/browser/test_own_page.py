"""The page of one's own in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.core.runs import LabelNoise
from tests.browser.conftest import findings
from tests.support.chromium import Page
from tests.support.own_page import NO_SUSPECTS, suspects, write


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """With suspects and with nothing above chance."""
    folder = tmp_path_factory.mktemp("page")
    judged = suspects(LabelNoise({"image": 0.2, "text": 0.3}, certain=False))
    texts = [write(folder / "found", 3.0, judged), write(folder / "chance", 0.0, NO_SUSPECTS)]
    for number, text in enumerate(texts):
        (folder / f"{number}.html").write_text(text, encoding="utf-8")
    return [folder / f"{number}.html" for number in range(len(texts))]


@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_and_asks_nothing_of_a_network(tab: Page, files: list[Path], width: int) -> None:
    for file in files:
        tab.resize(width, 800)
        tab.open(file)
        assert tab.evaluate("document.documentElement.scrollWidth") == width
    assert all(address.startswith(("file:", "data:")) for address in tab.requests)
    assert tab.complaints == []


@pytest.mark.parametrize("width", [390, 1280])
def test_the_first_screen_answers_both_questions(tab: Page, files: list[Path], width: int) -> None:
    tab.resize(width, 844)
    tab.open(files[0])
    heads = "[...document.querySelectorAll('.answer h2')].map(head => head.getBoundingClientRect().bottom)"
    assert max(tab.evaluate(heads)) < 844


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_has_nothing_serious_to_say(tab: Page, files: list[Path], axe: str, scheme: str, width: int) -> None:
    tab.prefer(scheme)
    tab.resize(width, 800)
    for file in files:
        tab.open(file)
        assert findings(tab, axe) == []
