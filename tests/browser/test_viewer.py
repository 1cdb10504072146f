"""The retrieval viewer in a real browser: what is shown follows the controls, and the address keeps the choice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.config.load import parse
from pipeline.core.datasets import RawView
from pipeline.explore.viewer.viewer import page
from tests.browser.conftest import findings
from tests.support import ranked
from tests.support.chromium import Chromium, Page
from tests.support.ranked import CLASSES

APPLES, BOATS, CATS = CLASSES


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("viewer")
    written = folder / "emoji.html"
    runs = ranked.write_runs(folder / "runs")
    written.write_text(page(parse(ranked.params()), "emoji", "Emoji", ranked.raw(), runs), encoding="utf-8")
    return written


@pytest.fixture
def viewer(tab: Page, file: Path) -> Page:
    return opened(tab, file)


def opened(tab: Page, file: Path) -> Page:
    tab.open(file)
    return unpacked(tab)


def unpacked(tab: Page) -> Page:
    """Wait until the page has put its queries together."""
    tab.evaluate(
        "new Promise(then => { const look = () => document.getElementById('count')?.textContent.includes('shown')"
        " ? then() : setTimeout(look, 20); look(); })"
    )
    return tab


def choose(viewer: Page, **choices: str) -> None:
    for control, value in choices.items():
        viewer.evaluate(
            f"(c => {{ c.value = {value!r}; c.dispatchEvent(new Event('change', {{bubbles: true}})); }})"
            f"(document.getElementById({control!r}))"
        )


def click(viewer: Page, selector: str) -> None:
    viewer.evaluate(f"document.querySelector({selector!r}).click()")


def asked(viewer: Page) -> list[str]:
    """Classes of the queries that are shown."""
    headings: list[str] = viewer.evaluate("[...document.querySelectorAll('.query h2')].map(h => h.textContent)")
    return [heading.split(": class ")[1] for heading in headings]


def signs(viewer: Page, side: int) -> list[list[str]]:
    """What is written on every result of A (0) or B (1), query by query."""
    result: list[list[str]] = viewer.evaluate(
        f"[...document.querySelectorAll('.query')].map(q => "
        f"[...q.querySelectorAll('.ranking')[{side}].querySelectorAll('.card .sign')].map(s => s.textContent))"
    )
    return result


def count(viewer: Page) -> str:
    printed: str = viewer.evaluate("document.getElementById('count').textContent")
    return printed


def test_it_opens_with_two_methods_at_the_lowest_rate(viewer: Page) -> None:
    assert asked(viewer) == [APPLES, APPLES, BOATS, BOATS, CATS, CATS]
    right, wrong = ["✓ right"] * 4, ["✗ wrong"] * 4
    assert signs(viewer, 0) == [right] * 4 + [wrong] * 2
    assert signs(viewer, 1) == [right] * 6
    assert count(viewer).startswith("6 of 6 queries shown. Rank 1 is right for 4 of 6 with A, for 6 with B.")
    assert "MCCA sees no labels" in count(viewer)
    assert viewer.evaluate("document.querySelector('.ranking h3').textContent") == "A: MCCA 4 of 4 right"


def test_the_frame_goes_with_the_sign(viewer: Page) -> None:
    frames = viewer.evaluate(
        "[...document.querySelectorAll('.card')].map(c => [c.classList.contains('right'),"
        " c.querySelector('.sign').textContent.includes('right'), getComputedStyle(c).borderStyle])"
    )
    assert all(frame == said and (style == "solid") == said for frame, said, style in frames)


def test_another_rate_shows_another_ranking(viewer: Page) -> None:
    choose(viewer, noise="symmetric-0.8")
    assert [side[0] for side in signs(viewer, 1)] == ["✗ wrong"] * 2 + ["✓ right"] * 4
    assert [side[0] for side in signs(viewer, 0)] == ["✓ right"] * 4 + ["✗ wrong"] * 2


def test_only_where_a_is_right_and_b_wrong(viewer: Page) -> None:
    click(viewer, "label[for=differ]")
    assert asked(viewer) == []
    assert count(viewer).startswith("0 of 6 queries shown.")
    choose(viewer, noise="symmetric-0.8")
    assert asked(viewer) == [APPLES, APPLES]
    choose(viewer, a="ce", b="mcca")
    assert asked(viewer) == [CATS, CATS]
    click(viewer, "#differ")
    assert len(asked(viewer)) == 6


def test_one_class(viewer: Page) -> None:
    choose(viewer, **{"class": CATS})
    assert asked(viewer) == [CATS, CATS]
    assert count(viewer).startswith("2 of 6 queries shown. Rank 1 is right for 0 of 2 with A, for 2 with B.")
    choose(viewer, **{"class": APPLES})
    assert asked(viewer) == [APPLES, APPLES]


def test_the_direction_turns_queries_and_results(viewer: Page) -> None:
    displayed = "['.asked', '.card'].map(c => document.querySelector(`${c} img`) !== null)"
    assert viewer.evaluate(displayed) == [True, False]
    choose(viewer, direction="text-image")
    assert viewer.evaluate(displayed) == [False, True]


def test_words_are_shown_as_written(viewer: Page) -> None:
    words = viewer.evaluate("[...document.querySelectorAll('.words')].map(p => p.textContent)")
    assert words
    assert all(text.startswith("words <") for text in words)
    assert not viewer.evaluate("document.querySelector('main b')")


def test_the_address_keeps_the_choice(viewer: Page, chromium: Chromium, file: Path) -> None:
    choose(viewer, noise="symmetric-0.8", a="ce", b="mcca", direction="text-image", **{"class": CATS})
    click(viewer, "#differ")
    again = chromium.page()
    again.send("Page.navigate", url=file.as_uri() + viewer.evaluate("location.hash"))
    unpacked(again)
    values = again.evaluate("['direction', 'noise', 'a', 'b', 'class'].map(c => document.getElementById(c).value)")
    assert values == ["text-image", "symmetric-0.8", "ce", "mcca", CATS]
    assert again.evaluate("document.getElementById('differ').checked")
    assert asked(again) == asked(viewer)


def test_an_address_that_names_nothing_is_ignored(viewer: Page) -> None:
    viewer.evaluate("location.hash = '#a=nobody&noise=&class=%3Cimg%3E'")
    viewer.evaluate("new Promise(then => setTimeout(then, 50))")
    assert len(asked(viewer)) == 6
    assert not viewer.complaints


def test_the_keyboard_reaches_and_works_the_controls(viewer: Page) -> None:
    reached = []
    for _ in range(6):
        viewer.press("Tab")
        reached.append(viewer.evaluate("document.activeElement.id"))
    assert reached == ["direction", "noise", "a", "b", "class", "differ"]
    viewer.press(" ")
    assert asked(viewer) == []


def test_it_asks_for_nothing_and_complains_of_nothing(viewer: Page, file: Path) -> None:
    choose(viewer, direction="text-image", noise="symmetric-0.8")
    assert not viewer.complaints
    assert {address for address in viewer.requests if not address.startswith("data:")} == {file.as_uri()}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_is_accessible_and_fits_the_screen(tab: Page, file: Path, axe: str, scheme: str, width: int) -> None:
    tab.prefer(scheme)
    tab.resize(width, 844)
    opened(tab, file)
    assert findings(tab, axe) == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_light_and_dark_differ(viewer: Page) -> None:
    papers = []
    for scheme in ("light", "dark"):
        viewer.prefer(scheme)
        papers.append(viewer.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert papers == ["rgb(255, 255, 255)", "rgb(20, 23, 27)"]


def test_nothing_that_a_dataset_brings_is_run(tab: Page, tmp_path: Path) -> None:
    evil = "<script>window.ran=1</script>\"'><img src=x onerror=window.ran=1>"
    raw = ranked.raw()
    brought = replace(
        raw,
        ids=[f"{name}{evil}" for name in raw.ids],
        views=raw.views | {"text": RawView("text", [f"{text}{evil}" for text in raw.views["text"].samples])},
        class_names=[f"{name}{evil}" for name in raw.class_names],
    )
    written = tmp_path / "emoji.html"
    html = page(parse(ranked.params()), "emoji", f"Emoji{evil}", brought, ranked.write_runs(tmp_path / "runs"))
    written.write_text(html, encoding="utf-8")
    viewer = opened(tab, written)
    choose(viewer, direction="text-image", noise="symmetric-0.8")
    assert viewer.evaluate("window.ran") is None
    assert viewer.evaluate("document.querySelectorAll('img[src=x], main script').length") == 0
    assert evil in viewer.evaluate("document.querySelector('.query h2').textContent")
