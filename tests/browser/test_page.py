"""The results page in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import findings
from tests.support.chromium import Page
from tests.support.whole_report import write_report

TABLE = "#table-emoji_symmetric_best_validation"
NAMES = f"[...document.querySelectorAll('{TABLE} tbody th')].map(head => head.firstChild.textContent)"
FIRST_RATE = f"document.querySelectorAll('{TABLE} thead button')[1]"
SORTED = f"document.querySelectorAll('{TABLE} th[scope=col]')[1].getAttribute('aria-sort')"
TOLD = "document.getElementById('status').textContent"
PAPER = "getComputedStyle(document.body).backgroundColor"
LIGHT, DARK = "rgb(255, 255, 255)", "rgb(20, 23, 27)"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(tmp_path_factory.mktemp("page")) / "index.html"


@pytest.fixture
def page(tab: Page, file: Path) -> Page:
    tab.prefer("light")
    tab.open(file)
    tab.evaluate("localStorage.clear()")
    tab.open(file)
    return tab


def test_a_click_sorts_and_says_so(page: Page) -> None:
    as_it_came = ["MCCA", "CE", "MRL", "MRL (authors_code)", "SDML", "Later", "RONO", "RONO (authors_code)"]
    assert page.evaluate(NAMES)[: len(as_it_came) - 2] == as_it_came[:-2]
    assert page.evaluate(SORTED) == "none"
    page.evaluate(f"{FIRST_RATE}.click()")
    falling = page.evaluate(NAMES)
    assert falling[:4] == ["MRL", "CE", "SDML", "MCCA"]
    assert page.evaluate(SORTED) == "descending"
    assert page.evaluate(TOLD) == "Sorted by 0.2, descending."
    page.evaluate(f"{FIRST_RATE}.click()")
    rising = page.evaluate(NAMES)
    assert rising[:4] == ["MCCA", "SDML", "CE", "MRL"]
    assert rising[4:] == falling[4:], "absent cells come last, in the order that they came in"
    page.evaluate(f"{FIRST_RATE}.click()")
    assert page.evaluate(NAMES)[:6] == as_it_came[:6]
    assert page.evaluate(SORTED) == "none"


def test_a_column_sorts_by_keyboard(page: Page) -> None:
    page.evaluate(f"{FIRST_RATE}.focus()")
    page.press("Enter")
    assert page.evaluate(NAMES)[0] == "MRL"


def test_tables_whose_rows_belong_together_cannot_be_sorted(page: Page) -> None:
    assert page.evaluate("document.querySelectorAll('table.grouped').length") > 0
    assert page.evaluate("document.querySelectorAll('table.grouped thead button').length") == 0


def test_the_theme_follows_the_system_until_the_button_is_pressed(page: Page, file: Path) -> None:
    assert page.evaluate(PAPER) == LIGHT
    page.prefer("dark")
    assert page.evaluate(PAPER) == DARK
    page.wait("document.getElementById('theme').getAttribute('aria-pressed') === 'true'")
    page.evaluate("document.getElementById('theme').click()")
    assert page.evaluate(PAPER) == LIGHT
    page.open(file)
    assert page.evaluate(PAPER) == LIGHT, "the choice is kept"


def test_a_method_can_be_followed_through_tables_and_figures(page: Page) -> None:
    line = "#emoji_symmetric_map [data-method={}]"
    opacity = "parseFloat(getComputedStyle(document.querySelector('" + line + "')).opacity)"
    choose = "document.getElementById('follow').value = 'ce';"
    page.evaluate(f"{choose} document.getElementById('follow').dispatchEvent(new Event('change'))")
    page.wait(f"{opacity.format('mrl')} < 0.2")
    assert page.evaluate(opacity.format("ce")) == 1
    rows = f"[...document.querySelectorAll('{TABLE} tbody th')]"
    paint = f"{rows}.filter(head => getComputedStyle(head).backgroundColor !== '{LIGHT}').map(head => head.textContent)"
    assert page.evaluate(paint) == ["CE"]


def test_nothing_is_asked_of_a_network_and_nothing_complains(page: Page) -> None:
    page.evaluate("document.querySelectorAll('thead button').forEach(button => button.click())")
    addresses = page.requests + page.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
    assert addresses
    assert all(address.startswith(("file:", "data:")) for address in addresses)
    assert page.complaints == []


@pytest.mark.parametrize("width", [360, 1280])
def test_only_tables_and_figures_scroll_sideways(page: Page, width: int) -> None:
    page.resize(width, 800)
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_has_nothing_serious_to_say(page: Page, axe: str, scheme: str, width: int) -> None:
    page.prefer(scheme)
    page.resize(width, 800)
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    result: list[dict[str, Any]] = findings(page, axe)
    assert result == []


def test_without_scripts_everything_is_there(tab: Page, file: Path) -> None:
    tab.send("Emulation.setScriptExecutionDisabled", value=True)
    tab.open(file)
    text = tab.evaluate("document.body.innerText")
    assert "Which labels are wrong?" in text
    assert tab.evaluate("getComputedStyle(document.querySelector('.bar')).display") == "none"
