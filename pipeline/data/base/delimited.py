"""Tables whose cells are divided by commas, semicolons or tabs, in UTF-8, with the line of every fault."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from pipeline.core.errors import BadInput

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
SIGNATURES = {
    b"PK": "a zip or Excel file",
    b"PAR1": "a Parquet file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"\x1f\x8b": "packed with gzip",
    b"\xff\xfe": "in UTF-16",
    b"\xfe\xff": "in UTF-16",
}
"""How files begin that are often taken for one of text -> what they are."""
csv.field_size_limit(2**31 - 1)


def read_csv(file: Path) -> tuple[list[str], list[list[str]], list[int]]:
    """Names of the columns, their cells, and the line of each row; commas divide, or semicolons or tabs.

    The first line tells which: it may hold one of the three alone. Raises BadInput.
    """
    text = read_text(file)
    first = re.sub('"[^"]*"', "", text.split("\n", 1)[0])
    having = [mark for mark in DELIMITERS if mark in first]
    if len(having) > 1:
        problem = f"the names of the columns are divided by {' and '.join(DELIMITERS[mark] for mark in having)}"
        raise BadInput(problem, f"{file}, line 1", "let one of them alone divide, or put the names between quotes")
    return _rows(text, having[0] if having else ",", file)


def read_tsv(file: Path) -> tuple[list[str], list[list[str]], list[int]]:
    """The same where tabs divide."""
    return _rows(read_text(file), "\t", file)


def read_text(file: Path) -> str:
    """A file of text in UTF-8, with or without a byte order mark. Raises BadInput that says what it is instead."""
    content = file.read_bytes()
    for start, kind in SIGNATURES.items():
        if content.startswith(start):
            raise BadInput(f"it is {kind}", str(file), "save it as text in UTF-8 (Excel: CSV UTF-8)")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadInput("it is not in UTF-8", f"{file}, line {line}", "save it as UTF-8 (Excel: CSV UTF-8)") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise BadInput("it has the character NUL", f"{file}, line {line}", "save it again as text")
    return text


def _rows(text: str, delimiter: str, file: Path) -> tuple[list[str], list[list[str]], list[int]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    numbers: list[int] = []
    begin = 1
    try:
        for row in reader:
            place, end = f"{file}, line {begin}", reader.line_num
            if rows and row and len(row) != len(rows[0]):
                problem = f"it has {len(row)} columns, the first line has {len(rows[0])}"
                raise BadInput(problem, place, f"put texts that hold {DELIMITERS[delimiter]} between double quotes")
            if delimiter == "\t" and any("\t" in cell and "\n" in cell for cell in row):
                raise BadInput("a quote is opened here and closed lines later", place, 'write it as """"')
            if row:
                rows.append(row)
                numbers.append(begin)
            begin = end + 1
    except csv.Error as error:
        place, open_quote = f"{file}, line {begin}", "unexpected end" in str(error)
        problem = "a double quote is opened and never closed" if open_quote else "text follows a closing double quote"
        raise BadInput(problem, place, "put texts with quotes between double quotes, each of their own twice") from None
    names = rows[0] if rows else []
    return names, [list(column) for column in zip(*rows[1:], strict=True)] or [[] for _ in names], numbers[1:]
