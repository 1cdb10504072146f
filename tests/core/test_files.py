"""A file is replaced whole or stays as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.core.files import atomic_write, write_text


def test_a_file_is_written_with_its_folders(tmp_path: Path) -> None:
    write_text(tmp_path / "a" / "b.txt", "ä\n")
    assert (tmp_path / "a" / "b.txt").read_bytes() == b"\xc3\xa4\n"
    assert [file.name for file in (tmp_path / "a").iterdir()] == ["b.txt"]


def test_what_breaks_off_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "b.txt"
    write_text(file, "before")
    with pytest.raises(TypeError), atomic_write(file) as content:
        content.writelines([b"half", None])  # type: ignore[list-item]
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]


def test_a_name_that_is_no_utf8_is_escaped(tmp_path: Path) -> None:
    write_text(tmp_path / "b.txt", b"caf\xe9".decode("utf-8", "surrogateescape"))
    assert (tmp_path / "b.txt").read_text() == r"caf\udce9"
