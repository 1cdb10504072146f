"""A copy of a user's labels with decisions applied, beside the labels that it corrects."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np

from pipeline.core.datasets import RawDataset
from pipeline.core.errors import BadInput
from pipeline.core.files import atomic_write
from pipeline.data.arrays import Arrays
from pipeline.data.base import Dataset
from pipeline.data.base.array_files import parted
from pipeline.data.base.pairing import find_files, ids_of_rows
from pipeline.data.base.tables import read_table
from pipeline.data.folder import Folder
from pipeline.explore.decisions.decisions import Decision, check
from pipeline.samples.base import kind

BEFORE, DECISION, BY = "label_before", "decision", "decided_by"
"""Columns beside the corrected label: the first given one, what was decided, and by whom; '' where nothing was."""
DECIDED = ".decided"
"""Stands before the suffix of what is written."""
Columns = dict[str, Sequence[str]]


@dataclass(frozen=True)
class Corrected:
    """What was written. setting: what `load` of the dataset takes in the place of its old labels; changed: labels."""

    file: Path
    setting: str
    changed: int


def write_corrected(source: Dataset, raw: RawDataset, decisions: Mapping[str, Decision], dataset: str) -> Corrected:
    """Write the labels of a dataset of the user's with decisions applied; what it was read from stays as it is.

    raw: the dataset as it was fetched. Raises UnknownName or BadInput, before anything is written, for decisions that
    do not fit, for labels that have changed since and for those of a dataset that is not the user's.
    """
    given = {name: str(raw.class_names[label]) for name, label in zip(raw.ids, raw.labels, strict=True)}
    check(decisions, given, raw.class_names, f"dataset '{dataset}'")
    changed = sum(bool(one.label) and one.label != one.given for one in decisions.values())
    if isinstance(source, Arrays):
        place = source.labels
        arrays = {name: np.array(cells) for name, cells in _applied({}, raw.ids, given, "labels", decisions).items()}
        content = io.BytesIO()
        np.savez(content, allow_pickle=False, **arrays)
        file = _written(parted(place)[0].with_suffix(".npz"), content.getvalue())
        return Corrected(file, f"labels: {file}:labels", changed)
    if not isinstance(source, Folder):
        problem = f"its labels come from {source.source}, not from files of yours"
        raise BadInput(problem, f"dataset '{dataset}'", "decide about a dataset of `source: folder` or `arrays`")
    label = source.columns.get("label", "label")
    if source.table:
        table = read_table(source.folder / source.table)
        ids, columns = ids_of_rows(table, source.columns.get("file", "file")), dict(table.columns)
        labels = columns.get(label, [given.get(name, "") for name in ids])
        if set(ids) != set(given) or labels != [given[name] for name in ids]:
            problem = "it has other samples or labels than when it was read"
            raise BadInput(problem, str(table.file), "run the experiment and `suspects` again")
        original = table.file.with_suffix(".csv")
    else:
        ids, columns = list(raw.ids), _of_files(source, raw)
        original = source.folder / "labels.csv"
    text = io.StringIO()
    columns = _applied(columns, ids, given, label, decisions)
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(columns)
    rows.writerows(zip(*columns.values(), strict=True))
    file = _written(original, text.getvalue().encode("utf-8", "surrogateescape"))
    return Corrected(file, f"table: {file.relative_to(source.folder)}", changed)


def _applied(
    columns: Columns,
    ids: Sequence[str],
    given: Mapping[str, str],
    label: str,
    decisions: Mapping[str, Decision],
) -> Columns:
    """Columns of n rows with the corrected label; what an earlier round decided of other samples stays."""
    blank = [""] * len(ids)
    before, verdict, by = (list(columns.get(name, blank)) for name in (BEFORE, DECISION, BY))
    labels = [given[name] for name in ids]
    for row, name in enumerate(ids):
        if (decision := decisions.get(name)) is not None:
            before[row] = before[row] or decision.given
            verdict[row], by[row] = decision.verdict, decision.by
            labels[row] = decision.label or decision.given
    return {**columns, label: labels, BEFORE: before, DECISION: verdict, BY: by}


def _of_files(source: Folder, raw: RawDataset) -> Columns:
    """The columns `file` and, where a view is typed, `text` of samples that are files without a table."""
    filed = {view: place for view, place in source.places.items() if not place.kind.typed}
    if not filed:
        remedy = "give them a table, then decide"
        raise BadInput("no table can stand for a dataset of texts alone", str(source.folder), remedy)
    place = next(iter(filed.values()))
    root = source.folder / place.folder
    files = find_files(root, place.kind)
    columns: Columns = {
        source.columns.get("file", "file"): [files[name].relative_to(root).as_posix() for name in raw.ids]
    }
    typed = [view for view in raw.views.values() if kind(view.kind).typed]
    if len(typed) > 1:
        raise BadInput("a table gives one text per sample", str(source.folder), "leave out one view of texts")
    return columns | {source.columns.get("text", "text"): [str(text) for view in typed for text in view.samples]}


def _written(original: Path, content: bytes) -> Path:
    """Write beside the original, under the first name that is free or has this content already."""
    stem = original.name.removesuffix(original.suffix).partition(DECIDED)[0]
    for number in count(1):
        file = original.with_name(f"{stem}{DECIDED}{'' if number == 1 else f'-{number}'}{original.suffix}")
        if not file.exists():
            break
        if file.read_bytes() == content:
            return file
    try:
        with atomic_write(file) as written:
            written.write(content)
    except OSError as error:
        raise BadInput(f"nothing can be written ({error.strerror})", str(file), "make the folder writable") from None
    return file
