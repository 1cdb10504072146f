"""Records that are lists of objects: a JSON file per dataset or method."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core.files import write_text
from pipeline.records.broken import broken
from pipeline.records.parts import files_of


@dataclass(frozen=True)
class JsonRecord:
    """One record: the files of each dataset, or method, are records/<folder>/<name>.json and <name>.*.json.

    Each holds a list of objects (records/parts.py says of what). noun: what one object is called in an error; fields:
    what each must have; check: says what is wrong with an object, None if nothing is.
    """

    folder: str
    noun: str
    fields: tuple[str, ...]
    check: Callable[[Mapping[str, Any]], str | None] = lambda item: None

    def file(self, records: Path, name: str) -> Path:
        return records / self.folder / f"{name}.json"

    def write(self, records: Path, name: str, items: Iterable[Mapping[str, Any]]) -> None:
        """Write a line per object."""
        lines = ",\n".join(json.dumps(dict(item)) for item in items)
        write_text(self.file(records, name), f"[\n{lines}\n]\n")

    def read(self, records: Path, name: str) -> list[dict[str, Any]]:
        """Return the objects of all files, none where there is no file. Raises BadInput that names a broken file."""
        return [item for path in files_of(self.file(records, name)) for item in self._read(path)]

    def _read(self, path: Path) -> list[dict[str, Any]]:
        items = json_content(path)
        if items is None:
            return []
        if not isinstance(items, list):
            broken(path, 1, f"a list of {self.noun}s is expected")
        for number, item in enumerate(items, start=1):
            missing = set(self.fields) - set(item if isinstance(item, dict) else ())
            if missing:
                broken(path, None, f"{self.noun} {number} lacks {', '.join(sorted(missing))}")
            if reason := self.check(item):
                broken(path, None, f"{self.noun} {number}: {reason}")
        return items


def json_content(path: Path) -> Any:
    """Return what a JSON file holds, None where there is none. Raises BadInput that names a broken file."""
    if not path.exists():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        broken(path, error.lineno, f"no valid JSON ({error.msg})")
