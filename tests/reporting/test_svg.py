"""Drawings in few bytes: nothing that shows is lost, and lines know their method."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from matplotlib.figure import Figure

from pipeline.reporting.figures.style import svg
from pipeline.reporting.figures.svg import compact, series

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">'
RED, BLUE = "fill: none; stroke: #ff0000", "fill: none; stroke: #0000ff"


def paths(drawing: str) -> list[str]:
    return re.findall(r' d="([^"]*)"', drawing)


def test_coordinates_keep_one_digit_and_lines_their_points() -> None:
    drawing = compact(f'{HEAD}<path d="M 1.26 2.04 L 3.0 -4.55 L 5 6 z" style="{RED}"/></svg>')
    assert paths(drawing) == ["M1.3 2l1.7-6.5 2 10.5z"]


def test_unfilled_paths_of_one_style_become_one() -> None:
    one, two = f'<path d="M 1 1 L 2 2" style="{RED}"/>', f'<path d="M 3 3 L 4 4" style="{RED}"/>'
    other = f'<path d="M 5 5 L 6 6" style="{BLUE}"/>'
    assert paths(compact(f"{HEAD}<g id='g1'>{one}</g><g>{two}</g>{other}</svg>")) == ["M1 1l1 1M3 3l1 1", "M5 5l1 1"]
    filled = '<path d="M 1 1 L 2 2 z" style="fill: #ff0000"/><path d="M 3 3 L 4 4 z" style="fill: #ff0000"/>'
    assert len(paths(compact(f"{HEAD}{filled}</svg>"))) == 2


def test_a_style_has_the_same_class_in_every_drawing() -> None:
    one = compact(f'{HEAD}<path d="M 1 1" style="{RED}"/></svg>')
    two = compact(f'{HEAD}<path d="M 1 1" style="{BLUE}"/><path d="M 1 1" style="{RED}"/></svg>')
    (red,) = re.findall(r"\.(\w+)\{fill:none;stroke:#ff0000\}", one)
    assert f".{red}{{fill:none;stroke:#ff0000}}" in two
    assert two.count(f'class="{red}"') == 1


def test_what_shows_nothing_goes_and_what_is_used_stays() -> None:
    marker = f'<defs><path id="m1" d="M 0 1.234" style="{RED}"/><path id="m2" d="M 0 2" style="{RED}"/></defs>'
    used = '<use xlink:href="#m1" x="1.23" y="4.56"/>'
    drawing = compact(f'{HEAD}{marker}{used}<path d="M 0 0 L 9 9" style="fill: none"/><g id="axes_1"/></svg>')
    assert paths(drawing)[0] == "M0 1.23"
    assert drawing.count("id=") == 1
    assert 'x="1.2" y="4.6"' in drawing
    assert "<g" not in drawing


def drawn() -> str:
    figure = Figure()
    axes = figure.subplots()
    (line,) = axes.plot([0, 1], [0, 1])
    series(line, "mrl")
    axes.set_title("image -> text")
    return svg(figure)


def test_lines_carry_their_method_and_words_stay_words() -> None:
    drawing = drawn()
    root = ET.fromstring(drawing)
    assert [node.get("data-method") for node in root.iter() if node.get("data-method")] == ["mrl"]
    assert "image -&gt; text" in drawing
    assert drawn() == drawing
