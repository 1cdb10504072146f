"""The sheet of suspects in a real browser: keys decide, decisions stay, and no name or text of a dataset ever runs."""

from __future__ import annotations

import csv
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.core.cells import CellKey
from pipeline.core.datasets import RawView
from pipeline.core.runs import LabelNoise
from pipeline.explore.suspects.suspect_sheet import write
from pipeline.explore.suspects.suspects import Suspects
from tests.browser.conftest import findings
from tests.support.chromium import Page

COUNT = 6
EVIL = "<script>window.ran=1</script>\"'><img src=x onerror=window.ran=1>"


def suspects(classes: tuple[str, ...] = ("cats", "dogs"), sign: str = "", dataset: str = "my_photos") -> Suspects:
    """Six pairs of one label, of falling suspicion; the second is a near-copy of the last. sign: in every name."""
    rng = np.random.default_rng(0)
    rows, views = np.arange(COUNT), ("image", "text")
    pictures = rng.integers(0, 256, (COUNT, 32, 32, 3)).astype(np.uint8)
    samples = {
        "image": RawView("image", pictures),
        "text": RawView("text", [f"caption {row} {sign}" + " on and on" * 40 for row in rows]),
    }
    features = {view: rng.standard_normal((COUNT, 5)).astype("f4") for view in views}
    features["image"][1] = features["image"][5]
    suspicion = np.linspace(0.9, 0.1, COUNT)
    return Suspects(
        CellKey(dataset, "witness", "default", None, None, 0),
        np.array([f"photo_{row}{sign}" for row in rows], dtype=object),
        np.array([f"{name}{sign}" for name in classes], dtype=object),
        samples,
        dict.fromkeys(views, rows),
        features,
        np.array(["train", "valid", "test"] * 2),
        dict.fromkeys(views, rows % 2),
        dict.fromkeys(views, suspicion),
        1 - rows % 2,
        None,
        {f"anna{sign}": rows % 2, "ben": np.full(COUNT, -1)},
        LabelNoise({"image": 0.2, "text": 0.2}, certain=True),
    )


def sheet(folder: Path, given: Suspects, display: str = "My photos") -> Path:
    return write(given, folder, display, "Witness")[1]


@pytest.fixture
def page(tab: Page, tmp_path: Path) -> Page:
    return opened(tab, sheet(tmp_path, suspects()))


def opened(tab: Page, file: Path) -> Page:
    """The page in a browser that has kept nothing of other tests."""
    tab.open(file)
    tab.evaluate("localStorage.clear()")
    tab.reload()
    return tab


def type_(page: Page, *keys: str) -> None:
    for key in keys:
        page.send("Input.dispatchKeyEvent", type="keyDown", key=key, text=key if len(key) == 1 else "")
        page.send("Input.dispatchKeyEvent", type="keyUp", key=key)


def decided(page: Page) -> list[dict[str, str]]:
    """The rows of the file that the button downloads."""
    return list(csv.DictReader(StringIO(page.evaluate("table()"))))


def current(page: Page) -> int:
    place: int = page.evaluate("cards.indexOf(document.querySelector('.current'))")
    return place


def test_keys_decide_and_go_on(page: Page) -> None:
    type_(page, "2", "ArrowRight", "0", "ArrowLeft", "u", "ArrowLeft", "ArrowRight", "ArrowRight", "1")
    rows = decided(page)
    assert [(row["sample"], row["decision"], row["label"]) for row in rows] == [
        ("photo_0", "wrong", "dogs"),
        ("photo_3", "wrong", "cats"),
    ]
    assert rows[0] | {"decided_by": ""} == {
        "dataset": "my_photos",
        "sample": "photo_0",
        "index": "0",
        "view": "",
        "given": "cats",
        "suggested": "dogs",
        "suspicion": "0.9",
        "decision": "wrong",
        "label": "dogs",
        "decided_by": "",
    }
    assert current(page) == 4
    assert page.evaluate("document.getElementById('count').textContent") == "2 of 6 decided, 6 shown."
    assert "0" in page.evaluate("document.querySelector('.keys').textContent")


def test_keys_in_a_field_are_text(page: Page) -> None:
    page.evaluate("document.getElementById('by').focus()")
    type_(page, "1", "a")
    assert decided(page) == []
    page.evaluate("document.getElementById('by').blur()")
    type_(page, "1")
    assert [row["decided_by"] for row in decided(page)] == ["1a"]


def test_decisions_survive_a_reload_and_a_sheet_that_was_made_again(page: Page, tmp_path: Path) -> None:
    type_(page, "2", "0", "1")
    page.reload()
    before = decided(page)
    assert [row["decision"] for row in before] == ["wrong", "unclear", "right"]
    assert current(page) == 3
    # More pairs in another order, another method's suspicions, and one label that is another one now.
    given = suspects()
    order = np.r_[5, 4, 3, 2, 1, 0]
    relabelled = np.where(order == 0, 1, order % 2)
    again = replace(
        given,
        ids=given.ids[order],
        views={
            "image": RawView("image", given.views["image"].samples[order]),
            "text": RawView("text", [given.views["text"].samples[row] for row in order]),
        },
        given=dict.fromkeys(given.views, relabelled),
        suspicion=dict.fromkeys(given.views, np.linspace(0.2, 0.8, COUNT)),
    )
    sheet(tmp_path, again)
    page.reload()
    assert {row["sample"]: row["label"] for row in decided(page)} == {"photo_1": "", "photo_2": "cats"}
    page.open(sheet(tmp_path, suspects(dataset="others")))
    assert decided(page) == []


def test_many_classes_have_a_field_and_the_given_ones_a_key(tab: Page, tmp_path: Path) -> None:
    opened(tab, sheet(tmp_path, suspects(classes=tuple(f"class {n:02d}" for n in range(12)))))
    assert tab.evaluate("document.querySelectorAll('.card')[0].querySelectorAll('.choice').length") == 3
    type_(tab, "3", "o")
    assert tab.evaluate("document.activeElement.getAttribute('list')") == "classes"
    tab.evaluate(
        "(field => { field.value = 'class 11'; field.dispatchEvent(new Event('change', {bubbles: true})); })"
        "(document.activeElement)"
    )
    assert [row["label"] for row in decided(tab)] == ["class 11"]


def test_pictures_and_texts_are_large_and_whole(page: Page) -> None:
    for width, least in ((1280, 256), (390, 256)):
        page.resize(width, 844)
        assert page.evaluate("document.querySelector('.picture img').getBoundingClientRect().width") >= least
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    words = page.evaluate("document.querySelector('.picture .words').textContent")
    assert words == "caption 0 " + " on and on" * 40
    assert page.evaluate("parseFloat(getComputedStyle(document.querySelector('.words')).fontSize)") >= 18


def test_who_said_what_and_the_twin_stand_there(page: Page) -> None:
    texts = page.evaluate("cards.map(card => card.textContent.replace(/\\s+/g, ' '))")
    assert all("anna: " in text and "ben: no vote" in text for text in texts)
    assert "almost the same as photo_5, labelled dogs" in texts[1]
    assert "almost the same" not in texts[0]


def test_nothing_that_a_dataset_brings_is_run(tab: Page, tmp_path: Path) -> None:
    opened(tab, sheet(tmp_path, suspects(sign=EVIL), display=f"My photos {EVIL}"))
    type_(tab, "1", "2")
    tab.evaluate("new Promise(then => setTimeout(then, 50))")
    assert tab.evaluate("window.ran") is None
    assert tab.evaluate("document.querySelectorAll('img[src=x], main script').length") == 0
    assert [row["sample"] for row in decided(tab)] == [f"photo_{row}{EVIL}" for row in range(2)]
    assert EVIL in tab.evaluate("document.querySelector('.words').textContent")
    assert {address for address in tab.requests if not address.startswith(("data:", "file:"))} == set()
    assert not tab.complaints


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_is_accessible(page: Page, axe: str, scheme: str, width: int) -> None:
    page.prefer(scheme)
    page.resize(width, 844)
    type_(page, "1")
    reported: list[dict[str, Any]] = findings(page, axe)
    assert reported == []
