"""Tables with one JSON object per line, whose keys are the columns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline.core.errors import BadInput
from pipeline.data.base.delimited import read_text


def read(file: Path) -> tuple[list[str], list[list[Any]], list[int]]:
    """Names of the columns in order of appearance, their values, and the line of each row.

    A key that an object lacks is an empty cell. Raises BadInput for a line that holds no object, or a key twice.
    """
    rows, numbers = [], []
    for number, line in enumerate(read_text(file).split("\n"), start=1):
        if line.strip():
            rows.append(_object(line, f"{file}, line {number}"))
            numbers.append(number)
    names = list(dict.fromkeys(name for row in rows for name in row))
    return names, [[row.get(name) for row in rows] for name in names], numbers


def _object(line: str, place: str) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            keys = [key for key, _ in pairs]
            repeated = next(key for key in keys if keys.count(key) > 1)
            raise BadInput(f"the key '{repeated}' stands twice in one object", place, "remove or rename one")
        return made

    try:
        value = json.loads(line, object_pairs_hook=once)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        problem = "this is no JSON object"
        raise BadInput(problem, place, 'write one per line, such as {"file": "001.jpg", "label": "cats"}')
    return value
