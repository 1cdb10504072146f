"""Which files and texts belong together: by the stem of the file's name, or by the rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal, get_args

from pipeline.core.errors import BadInput, MissingFiles
from pipeline.data.base import visible
from pipeline.data.base.layout import layout
from pipeline.data.base.splits import split_of
from pipeline.data.base.tables import Table
from pipeline.samples import base as kinds
from pipeline.samples.base import Kind

Column = Literal["file", "text", "label", "split"]
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
    """The id that a table's file name stands for: forward slashes, none of the suffixes of samples."""
    path = PurePosixPath(name.replace("\\", "/"))
    return str(path.with_suffix("") if path.suffix.lower() in suffixes else path)


def of_kind(root: Path, kind: Kind) -> list[Path]:
    """What is not hidden below a folder and ends like a file of this kind."""
    return [path for path in visible(root) if path.suffix.lower() in kind.suffixes]


def find_files(root: Path, kind: Kind) -> dict[str, Path]:
    """The files of a view; hidden ones and those of other kinds are passed over."""
    if not root.is_dir():
        raise MissingFiles("the folder is missing", str(root), "put the files there or correct params.yaml")
    files: dict[str, Path] = {}
    for path in of_kind(root, kind):
        other = files.setdefault(path.relative_to(root).with_suffix("").as_posix(), path)
        if other != path:
            raise BadInput(f"it has the stem of {other.name}", str(path), "rename or remove one of the two")
    if not files:
        suffixes = ", ".join(sorted(kind.suffixes))
        raise MissingFiles(f"no file ends in {suffixes}", str(root), "put the files there or correct params.yaml")
    return files


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


def by_row(table: Table, columns: Mapping[Column, str], texts: bool, refuse: Refuse = at_once) -> list[Sample]:
    """A sample per row of the table, in its order. columns: those with another name; texts: whether it gives them.

    Where the table has no column of labels or splits, folders give them.
    """
    named = {column: columns.get(column, str(column)) for column in get_args(Column)}
    table.check(*columns.values())
    ids = ids_of_rows(table, named["file"], refuse)
    texted = table.needed(named["text"]) if texts else [""] * len(ids)
    splits = table.needed(named["split"]) if named["split"] in table.columns else None
    labels = table.needed(named["label"]) if named["label"] in table.columns else None
    given = layout(ids, str(table.file))
    samples = []
    for row, (name, text) in enumerate(zip(ids, texted, strict=True)):
        *folders, _ = name.split("/")
        split = "" if given.split is None else split_of(folders[given.split])
        if splits is not None:
            split = _agreed(splits[row], split, table.place(row), refuse)
        if labels is None and len(folders) <= given.label:
            remedy = f"add a column '{named['label']}', or name the column of labels under load.columns"
            refuse(BadInput("neither a column nor a folder gives its label", table.place(row), remedy))
            continue
        label = folders[given.label] if labels is None else labels[row]
        samples.append(Sample(name, label, split, text, table.place(row)))
    return samples


def _agreed(cell: str, folder: str, place: str, refuse: Refuse) -> str:
    """The split that a table gives. folder: the one that the file's folder gives, '' for none."""
    split = split_of(cell)
    if not split:
        refuse(BadInput(f"'{cell}' is no split", place, "name it train, valid or test"))
    elif folder and folder != split:
        problem = f"its split is '{cell}' and it lies in a folder for '{folder}'"
        refuse(BadInput(problem, place, "correct one of the two"))
    return split


def ids_of_rows(table: Table, column: str, refuse: Refuse = at_once) -> list[str]:
    """The sample of every row, by the file that a column names. Raises BadInput where two rows name one sample."""
    suffixes = kinds.suffixes()
    ids = [stem(name, suffixes) for name in table.needed(column)]
    first: dict[str, int] = {}
    for row, name in enumerate(ids):
        if first.setdefault(name, row) != row:
            problem = f"'{name}' is also in {table.place(first[name])}"
            refuse(BadInput(problem, table.place(row), "keep one row per sample"))
    return ids


def check_pairs(samples: Sequence[Sample], files: Mapping[str, ById], refuse: Refuse = at_once) -> None:
    """Refuse a sample that a view lacks, and a file that belongs to no sample."""
    known = {sample.id for sample in samples}
    for view, by_id in files.items():
        for sample in samples:
            if sample.id not in by_id:
                problem = f"view '{view}' has no file '{sample.id}'"
                refuse(BadInput(problem, sample.place, "add it or remove the sample"))
        for name, path in by_id.items():
            if name not in known:
                refuse(BadInput("the table has no row for it", str(path), "add a row or remove the file"))
