"""Files that are there whole or not at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def atomic_write(file: Path) -> Iterator[BinaryIO]:
    """What is written goes to <file>.part, which takes the file's place at the end; folders are made."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.part")
    try:
        with part.open("wb") as content:
            yield content
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)


def write_text(file: Path, text: str) -> None:
    """In UTF-8; what Python keeps of a file name that is none stands there as an escape."""
    with atomic_write(file) as content:
        content.write(text.encode("utf-8", "backslashreplace"))


def sha256(file: Path) -> str:
    """SHA-256 of a file in hexadecimal digits."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
