"""The error of a record file that cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from pipeline.core.errors import BadInput


def broken(path: Path, line: int | None, reason: str) -> NoReturn:
    """Raise BadInput with the file, by its last parts, and the line."""
    place = "/".join(path.parts[-3:])
    raise BadInput(
        reason,
        place if line is None else f"{place}, line {line}",
        "restore the file from git or run the stage that writes it again",
    )
