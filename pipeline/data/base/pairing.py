"""Which files and texts belong together: by the stem of the file's name, or by the rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal, get_args
from unicodedata import normalize

from pipeline.core.errors import BadInput, MissingFiles
from pipeline.data.base import visible
from pipeline.data.base.annotators import Answers, of_columns, of_rows, vote
from pipeline.data.base.layout import Layout, layout
from pipeline.data.base.splits import split_of
from pipeline.data.base.tables import Table
from pipeline.samples import base as kinds
from pipeline.samples.base import Kind

Column = Literal["file", "text", "label", "split"]
Columns = Mapping[Column | Literal["annotator", "labels"], str | list[str]]
"""What a table gives -> the column that gives it; `labels`: a column per annotator."""
ById = Mapping[str, Path]
"""A sample's id, which is its file's path below the folder of its view without the suffix -> the file."""
Refuse = Callable[[BadInput], None]
"""What is done with a fault: it is raised, or kept where all of them are asked for."""


def at_once(fault: BadInput) -> None:
    """Raise the first fault."""
    raise fault


@dataclass(frozen=True)
class Sample:
    """A sample before its files are read. split, text: '' if none is given; place: its row or file, for messages."""

    id: str
    label: str
    split: str
    text: str
    place: str


def stem(name: str, suffixes: frozenset[str]) -> str:
    """The id that a table's file name stands for: forward slashes, none of the suffixes of samples.

    In Unicode's composed form (NFC), as the ids of files: a Mac decomposes the names that people type.
    """
    path = PurePosixPath(normalize("NFC", name).replace("\\", "/"))
    return str(path.with_suffix("") if path.suffix.lower() in suffixes else path)


def of_kind(root: Path, kind: Kind) -> list[Path]:
    """What is not hidden below a folder and ends like a file of this kind."""
    return [path for path in visible(root) if path.suffix.lower() in kind.suffixes]


def find_files(root: Path, kind: Kind) -> dict[str, Path]:
    """The files of a view by id, which is in NFC; hidden ones and those of other kinds are passed over."""
    if not root.is_dir():
        raise MissingFiles("the folder is missing", str(root), "put the files there or correct params.yaml")
    files: dict[str, Path] = {}
    for path in of_kind(root, kind):
        name = path.relative_to(root).with_suffix("").as_posix()
        if not is_utf8(name):
            raise BadInput("its name is not in UTF-8", str(path), "rename it")
        other = files.setdefault(normalize("NFC", name), path)
        if other != path:
            alike = other.with_suffix("").name != path.with_suffix("").name
            form = ", written in another Unicode form" if alike else ""
            raise BadInput(f"it has the stem of {other.name}{form}", str(path), "rename or remove one of the two")
    if not files:
        suffixes = ", ".join(sorted(kind.suffixes))
        raise MissingFiles(f"no file ends in {suffixes}", str(root), "put the files there or correct params.yaml")
    return files


def is_utf8(name: str) -> bool:
    """False where Python keeps bytes of a file name that are no UTF-8, which no table or page can hold."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def by_stem(files: Mapping[str, ById], place: str, refuse: Refuse = at_once) -> list[Sample]:
    """A sample per stem that any view has, in alphabetical order; folders give label and split. files: by view."""
    paths = {name: path for by_id in files.values() for name, path in by_id.items()}
    given = layout(list(paths), place)
    samples = []
    for name in sorted(paths):
        *folders, _ = name.split("/")
        if len(folders) <= given.label:
            remedy = "put it into a folder named like its class, or give a table with a column of labels"
            refuse(BadInput("no folder names its label", str(paths[name]), remedy))
            continue
        split = "" if given.split is None else split_of(folders[given.split])
        samples.append(Sample(name, folders[given.label], split, "", str(paths[name])))
    return samples


def by_row(
    table: Table, columns: Columns, texts: bool, refuse: Refuse = at_once
) -> tuple[list[Sample], Answers | None]:
    """A sample per row of the table, in its order, or per file where a row is an annotator's; and what all of them say.

    columns: those with another name, and those of annotators; texts: whether the table gives them. Where the table has
    no column of labels or splits, folders give them.
    """
    named = {column: str(columns.get(column, column)) for column in get_args(Column)}
    several = list(columns.get("labels", ()))
    table.check(*(str(columns[column]) for column in columns if column != "labels"), *several)
    answers: Answers | None = None
    rows: Sequence[int]
    if "annotator" in columns:
        every = ids_of_rows(table, named["file"], several=True)
        answers = of_rows(table, every, str(columns["annotator"]), named["label"])
        rows = _one_each(table, every, [named["text"]] * texts + [named["split"]], refuse)
        ids = [every[row] for row in rows]
    else:
        ids, rows = ids_of_rows(table, named["file"], refuse), range(len(table))
        answers = of_columns(table, several) if several else None
    texted = table.needed(named["text"], rows) if texts else [""] * len(ids)
    splits = table.needed(named["split"], rows) if named["split"] in table.columns else None
    labels: Sequence[str] | None = None
    if named["label"] in table.columns and "annotator" not in columns:
        labels = table.needed(named["label"])
    elif answers is not None:
        labels = vote(ids, answers)
    try:
        given = layout(ids, str(table.file))
    except BadInput:
        if labels is None or splits is None:
            raise
        given = Layout(label=0, split=None)
    samples = []
    for name, text, row, number in zip(ids, texted, rows, range(len(ids)), strict=True):
        *folders, _ = name.split("/")
        split = "" if given.split is None else split_of(folders[given.split])
        if splits is not None:
            split = _agreed(splits[number], split, table.place(row), refuse)
        if labels is None and len(folders) <= given.label:
            remedy = f"add a column '{named['label']}', or name the column of labels under load.columns"
            refuse(BadInput("neither a column nor a folder gives its label", table.place(row), remedy))
            continue
        label = folders[given.label] if labels is None else labels[number]
        if not label:
            problem = "no annotator has labelled it"
            refuse(BadInput(problem, table.place(row), "give it a label or remove the sample"))
            continue
        samples.append(Sample(name, label, split, text, table.place(row)))
    return samples, answers


def _one_each(table: Table, ids: Sequence[str], shared: Sequence[str], refuse: Refuse) -> list[int]:
    """The first row of each sample. shared: columns in which rows that differ within a sample are refused."""
    first: dict[str, int] = {}
    for row, name in enumerate(ids):
        other = first.setdefault(name, row)
        for column in shared:
            if column in table.columns and table.columns[column][row] != table.columns[column][other]:
                problem = f"the column '{column}' has another value for '{name}' than {table.place(other)}"
                refuse(BadInput(problem, table.place(row), "correct one of the two"))
    return list(first.values())


def _agreed(cell: str, folder: str, place: str, refuse: Refuse) -> str:
    """The split that a table gives. folder: the one that the file's folder gives, '' for none."""
    split = split_of(cell)
    if not split:
        refuse(BadInput(f"'{cell}' is no split", place, "name it train, valid or test"))
    elif folder and folder != split:
        problem = f"its split is '{cell}' and it lies in a folder for '{folder}'"
        refuse(BadInput(problem, place, "correct one of the two"))
    return split


def ids_of_rows(table: Table, column: str, refuse: Refuse = at_once, several: bool = False) -> list[str]:
    """The sample of every row, by the file that a column names.

    several: whether a sample may have many rows; where not, a second one is refused.
    """
    suffixes = kinds.suffixes()
    ids = [stem(name, suffixes) for name in table.needed(column)]
    first: dict[str, int] = {}
    for row, name in enumerate(ids):
        if first.setdefault(name, row) != row and not several:
            problem = f"'{name}' is also in {table.place(first[name])}"
            refuse(BadInput(problem, table.place(row), "keep one row per sample"))
    return ids


def check_pairs(samples: Sequence[Sample], files: Mapping[str, ById], refuse: Refuse = at_once) -> None:
    """Refuse a sample that a view lacks, and a file that belongs to no sample."""
    known = {sample.id for sample in samples}
    for view, by_id in files.items():
        for sample in samples:
            if sample.id not in by_id:
                problem, remedy = f"view '{view}' has no file '{sample.id}'", "add it or remove the sample"
                near = next((path for name, path in by_id.items() if name.casefold() == sample.id.casefold()), None)
                if near is not None:
                    problem, remedy = f"{problem}, only one in other letter case, {near}", "write both names alike"
                refuse(BadInput(problem, sample.place, remedy))
        for name, path in by_id.items():
            if name not in known:
                refuse(BadInput("the table has no row for it", str(path), "add a row or remove the file"))
