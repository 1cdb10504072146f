"""Which column of a table names the files, which gives text, label and split, and which ones annotators filled in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set
from itertools import combinations
from statistics import fmean
from typing import Literal, get_args

from pipeline.core.errors import BadInput
from pipeline.data.base.pairing import Column, Columns, stem
from pipeline.data.base.splits import split_of
from pipeline.data.base.tables import Table
from pipeline.samples import base as kinds

Role = Column | Literal["annotator", "labels"]
"""What a column is for, or several are."""
ROLES = (*get_args(Column), "annotator", "labels")
LABELS = ("label", "class", "category", "topic", "target", "tag", "genre", "emotion")
TEXTS = ("text", "caption", "title", "headline", "sentence", "description", "content", "words")
ANNOTATORS = ("annotator", "worker", "rater", "coder", "annotator_id", "worker_id", "user")
ALIKE = 0.5
"""Columns are annotators' where each two of them share at least this part of the labels that either has."""
EACH = 5
"""A column without such a name gives labels only where they occur so many times on average."""


def share_of_files(table: Table, column: str, ids: Set[str]) -> float:
    """The share of a column's cells that name one of the files. ids: paths without suffix."""
    suffixes = kinds.suffixes()
    return fmean(stem(cell, suffixes) in ids for cell in table.columns[column])


def file_column(table: Table, given: Columns, ids: Set[str]) -> tuple[str, float]:
    """The column that names most files, and the share of its cells that do."""
    named = [str(given["file"])] if "file" in given else list(table.columns)
    table.check(*named)
    shares = {column: share_of_files(table, column, ids) for column in named}
    best = max(shares, key=lambda column: shares[column])
    return best, shares[best]


def other_columns(table: Table, given: Columns, file: str, texts: bool) -> Columns:
    """Columns of text, label and split as far as the table has them; those that a person named go first.

    Several columns with the same labels, or a file in several rows that differ in a column of few values, are those of
    annotators. texts: whether a view of texts is looked for. Raises BadInput where several columns may be the labels.
    """
    taken = [name for named in given.values() for name in (named if isinstance(named, list) else [named])]
    table.check(*taken)
    chosen = dict(given)
    free = [name for name in table.columns if name != file and name not in taken]
    if "split" not in chosen and (splits := [name for name in free if all(map(split_of, set(table.columns[name])))]):
        chosen["split"] = splits[0]
        free.remove(splits[0])
    if not {"annotator", "labels"} & set(chosen) and (annotator := _annotator(table, file, free)):
        chosen["annotator"] = annotator
        free.remove(annotator)
    if not {"label", "labels"} & set(chosen):
        labels = _labels(table, free)
        if len(labels) == 1:
            chosen["label"] = labels[0]
        elif labels:
            chosen["labels"] = labels
        free = [name for name in free if name not in labels]
    if texts and "text" not in chosen and (text := _text(table, free)):
        chosen["text"] = text
    return chosen


def _annotator(table: Table, file: str, free: list[str]) -> str | None:
    """The column that tells the rows of a file apart; None where every file has one row."""
    rows = Counter(table.columns[file])
    if max(rows.values(), default=1) == 1:
        return None
    apart = [
        name
        for name in free
        if len(set(zip(table.columns[file], table.columns[name], strict=True))) == len(table)
        and len(set(table.columns[name])) < len(rows)
    ]
    return _named(ANNOTATORS, apart) or min(apart, key=lambda name: len(set(table.columns[name])), default=None)


def _labels(table: Table, free: list[str]) -> list[str]:
    """The column of labels, or those of several annotators; none where folders may give them."""
    if named := _named(LABELS, free):
        return [named]
    values = {name: set(table.columns[name]) - {""} for name in free}
    few = [name for name in free if 2 <= len(values[name]) <= len(table) / EACH]
    alike = [
        len(values[one] & values[other]) >= ALIKE * len(values[one] | values[other])
        for one, other in combinations(few, 2)
    ]
    if not all(alike):
        remedy = f"say which one, as in --column label={few[0]}, or --column labels={few[0]},{few[1]} for annotators'"
        raise BadInput(f"{', '.join(few)} may all be the labels", f"{table.file}, columns", remedy)
    return few


def _text(table: Table, free: list[str]) -> str | None:
    """The one of such a name, else the one of the longest texts where more than half are different."""
    if named := _named(TEXTS, free):
        return named
    various = [name for name in free if len(set(table.columns[name])) > len(table) / 2]
    return max(various, key=lambda name: fmean(map(len, table.columns[name])), default=None)


def _named(names: tuple[str, ...], free: list[str]) -> str | None:
    lower = {name.lower(): name for name in reversed(free)}
    return next((lower[name] for name in names if name in lower), None)
