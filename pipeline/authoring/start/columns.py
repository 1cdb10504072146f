"""Which column of a table names the files, which gives text, label and split."""

from __future__ import annotations

from collections.abc import Mapping, Set
from statistics import fmean

from pipeline.core.errors import BadInput
from pipeline.data.base.pairing import Column, stem
from pipeline.data.base.splits import split_of
from pipeline.data.base.tables import Table
from pipeline.samples import base as kinds

LABELS = ("label", "class", "category", "topic", "target", "tag", "genre", "emotion")
TEXTS = ("text", "caption", "title", "headline", "sentence", "description", "content", "words")
EACH = 5
"""A column without such a name gives labels only where they occur so many times on average."""


def share_of_files(table: Table, column: str, ids: Set[str]) -> float:
    """The share of a column's cells that name one of the files. ids: paths without suffix."""
    suffixes = kinds.suffixes()
    return fmean(stem(cell, suffixes) in ids for cell in table.columns[column])


def file_column(table: Table, given: Mapping[Column, str], ids: Set[str]) -> tuple[str, float]:
    """The column that names most files, and the share of its cells that do."""
    named = [given["file"]] if "file" in given else list(table.columns)
    table.check(*named)
    shares = {column: share_of_files(table, column, ids) for column in named}
    best = max(shares, key=lambda column: shares[column])
    return best, shares[best]


def other_columns(table: Table, given: Mapping[Column, str], file: str, texts: bool) -> dict[Column, str]:
    """Columns of text, label and split as far as the table has them; those that a person named go first.

    texts: whether a view of texts is looked for. Raises BadInput where several columns may be the labels.
    """
    table.check(*given.values())
    chosen: dict[Column, str] = dict(given)
    free = [name for name in table.columns if name != file and name not in given.values()]
    if "split" not in chosen and (splits := [name for name in free if all(map(split_of, set(table.columns[name])))]):
        chosen["split"] = splits[0]
        free.remove(splits[0])
    if "label" not in chosen and (label := _label(table, free)):
        chosen["label"] = label
        free.remove(label)
    if texts and "text" not in chosen and (text := _text(table, free)):
        chosen["text"] = text
    return chosen


def _label(table: Table, free: list[str]) -> str | None:
    if named := _named(LABELS, free):
        return named
    few = [name for name in free if 2 <= len(set(table.columns[name])) <= len(table) / EACH]
    if len(few) > 1:
        remedy = f"say which one, as in --column label={few[0]}"
        raise BadInput(f"{', '.join(few)} may all be the labels", f"{table.file}, columns", remedy)
    return few[0] if few else None


def _text(table: Table, free: list[str]) -> str | None:
    """The one of such a name, else the one of the longest texts where more than half are different."""
    if named := _named(TEXTS, free):
        return named
    various = [name for name in free if len(set(table.columns[name])) > len(table) / 2]
    return max(various, key=lambda name: fmean(map(len, table.columns[name])), default=None)


def _named(names: tuple[str, ...], free: list[str]) -> str | None:
    lower = {name.lower(): name for name in reversed(free)}
    return next((lower[name] for name in names if name in lower), None)
