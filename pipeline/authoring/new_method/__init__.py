"""The start of a new method: a file that trains at once, its settings, its test."""

from __future__ import annotations

import keyword
import re
from importlib.resources import files
from string import Template

import yaml

from pipeline.core import plugins
from pipeline.core.errors import BadParams

WHERE = "new method"
SECTION = "methods"


def check_name(name: str) -> None:
    """Refuse what cannot be a file of pipeline/methods, or is one already."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name) or name == "base":
        remedy = (
            "take lower-case letters, digits and underscores, a letter first, and no word of Python, e.g. my_method"
        )
        raise BadParams(f"'{name}' cannot be its name", WHERE, remedy)
    if name in plugins.names("pipeline.methods"):
        raise BadParams(f"'{name}' is there already", WHERE, "choose another name, or delete its file first")


def method_file(name: str) -> str:
    """Python source of a method that trains, every placeholder marked TO BE REPLACED."""
    return _template("method.py.txt", name)


def test_file(name: str) -> str:
    """Python source of its test: the loss against a reference written with loops."""
    return _template("test.py.txt", name)


def with_settings(params: str, name: str) -> str:
    """The text of params.yaml with a block for the method at the end of `methods`; nothing else changes.

    Raises BadParams where the text has such a block, or no `methods` written as an indented block.
    """
    before = yaml.safe_load(params)
    known = before.get(SECTION) or {}
    if name in known:
        raise BadParams(f"'{name}' has a block already", f"params.yaml, {SECTION}", "choose another name, or delete it")
    block = _template("params.yaml.txt", name)
    lines = params.splitlines(keepends=True)
    starts = [number for number, line in enumerate(lines) if line.rstrip() == f"{SECTION}:"]
    if starts:
        inside = [number for number in range(starts[0], len(lines)) if lines[number].startswith(" ")]
        nexts = [number for number in range(starts[0] + 1, len(lines)) if re.match(r"[^\s#]", lines[number])]
        last = max(number for number in [starts[0], *inside] if number < min(nexts, default=len(lines)))
        lines[last] = lines[last].rstrip("\n") + "\n" + block
        after = "".join(lines)
        if yaml.safe_load(after) == before | {SECTION: known | yaml.safe_load(block)}:
            return after
    remedy = f"write it as a line `{SECTION}:` with one indented block per method"
    raise BadParams("the place for a new block is not clear", f"params.yaml, {SECTION}", remedy)


def _template(file: str, name: str) -> str:
    text = files(__package__).joinpath(file).read_text(encoding="utf-8")
    return Template(text).substitute(name=name, kind="".join(part.capitalize() for part in name.split("_")))
