"""SVG as Matplotlib writes it -> the same drawing in a fifth of the bytes, with lines that know their method."""

from __future__ import annotations

import hashlib
import re
from xml.etree import ElementTree as ET

from matplotlib.artist import Artist

_SVG, _LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
_GROUP, _PATH, _DEFS, _TEXT, _STYLE = (f"{_SVG}{tag}" for tag in ("g", "path", "defs", "text", "style"))
_MARK = "method:"
METHOD = "data-method"
"""Attribute of a group that draws a method's line, mark or name."""
Classes = dict[str, str]


def series(artist: Artist, method: str) -> None:
    """Make an artist's group in the SVG carry the method's name."""
    if method:
        artist.set_gid(_MARK + method)


def compact(text: str) -> str:
    """Make a drawing smaller; nothing may be drawn outside its panel.

    Styles become classes whose names are hashes of them, so that drawings on one page share them without clashing;
    coordinates have one digit after the point, groups and clips that show nothing go.
    """
    ET.register_namespace("", _SVG[1:-1])
    ET.register_namespace("xlink", _LINK[1:-5])
    root = ET.fromstring(text)
    used = {str(node.get(_LINK))[1:] for node in root.iter() if node.get(_LINK)}
    classes: Classes = {}
    _clean(root, used, classes)
    sheet = ET.Element(_STYLE)
    sheet.text = "svg{stroke-linejoin:round}" + "".join(f".{name}{{{style}}}" for style, name in classes.items())
    root.insert(0, sheet)
    return ET.tostring(root, encoding="unicode") + "\n"


def _clean(node: ET.Element, used: set[str], classes: Classes) -> None:
    kept: list[ET.Element] = []
    for child in list(node):
        _clean(child, used, classes)
        _shorten(child, used, classes, digits=2 if node.tag == _DEFS else 1)
        for part in list(child) if child.tag == _GROUP and not child.attrib else [child]:
            if not _shows_nothing(part) and not (kept and _joined(kept[-1], part, classes)):
                kept.append(part)
    for child in list(node):
        node.remove(child)
    node.extend(kept)
    if node.tag != _TEXT:
        node.text = None


def _shorten(node: ET.Element, used: set[str], classes: Classes, digits: int) -> None:
    name = node.attrib.pop("id", "")
    if name.startswith(_MARK):
        node.set(METHOD, name.removeprefix(_MARK))
    elif name in used:
        node.set("id", name)
    node.attrib.pop("clip-path", None)
    style = re.sub(r"([:;]) ", r"\1", node.attrib.pop("style", ""))
    if style and style != "fill:none":
        node.set("class", classes.setdefault(style, "s" + hashlib.sha256(style.encode()).hexdigest()[:6]))
    if (turned := node.get("transform", "")).startswith("rotate(-0"):
        del node.attrib["transform"]
    elif turned:
        node.set("transform", _rounded(turned, 2))
    for coordinate in {"x", "y"} & set(node.attrib):
        node.set(coordinate, _rounded(node.attrib[coordinate], 1))
    if "d" in node.attrib:
        node.set("d", _path(node.attrib["d"], digits))
    node.tail = None


def _shows_nothing(node: ET.Element) -> bool:
    empty = node.tag in (_DEFS, _GROUP) and not len(node)
    return empty or node.tag in (_STYLE, f"{_SVG}clipPath", f"{_SVG}metadata") or _bare(node)


def _bare(node: ET.Element) -> bool:
    """A path with neither stroke nor fill."""
    return node.tag == _PATH and "class" not in node.attrib


def _joined(before: ET.Element, node: ET.Element, classes: Classes) -> bool:
    """Whether the path could go on where the one before it, of the same unfilled style, ends."""
    same = before.tag == node.tag == _PATH and before.get("class") == node.get("class")
    if (
        not same
        or {"id"} & {*before.attrib, *node.attrib}
        or "fill:none" not in next(s for s, name in classes.items() if name == node.get("class"))
    ):
        return False
    before.set("d", before.attrib["d"] + node.attrib["d"])
    return True


def _path(d: str, digits: int) -> str:
    """Lines as steps from point to point, which take fewer characters than points; curves stay as they are."""
    parts = re.findall(r"([A-Za-z])([^A-Za-z]*)", d)
    if {letter for letter, _ in parts} - set("MLz"):
        return re.sub(r"\s+", " ", _rounded(d, digits)).strip()
    text, last, moved = "", (0.0, 0.0), True
    for letter, numbers in parts:
        if letter == "z":
            text, moved = text + "z", True
            continue
        point = (round(float(numbers.split()[0]), digits), round(float(numbers.split()[1]), digits))
        if letter == "M":
            text += "M" + _pair(*point, digits)
        else:
            step = _pair(point[0] - last[0], point[1] - last[1], digits)
            separator = "" if step.startswith("-") else " "
            text += ("l" if moved else separator) + step
        last, moved = point, letter == "M"
    return text


def _pair(x: float, y: float, digits: int) -> str:
    first, second = (re.sub(r"^(-?)0\.", r"\1.", f"{round(value, digits) + 0.0:.{digits}f}") for value in (x, y))
    first, second = (text.rstrip("0").rstrip(".") if "." in text else text for text in (first, second))
    return f"{first or 0}{'' if second.startswith('-') else ' '}{second or 0}"


def _rounded(text: str, digits: int) -> str:
    return re.sub(r"-?\d+\.\d+", lambda number: f"{float(number[0]):.{digits}f}".rstrip("0").rstrip("."), text)
