"""Several labels per sample: how they are read from a table, which one wins, and the file that keeps them all."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from unicodedata import normalize
from zipfile import BadZipFile

import numpy as np

from pipeline.core.datasets import Annotations
from pipeline.core.errors import BadInput
from pipeline.core.splits import Array
from pipeline.data.base.tables import Table

FILE = "annotators.npz"
Answers = tuple[Sequence[str], Sequence[Sequence[str]]]
"""Names of A annotators, and n rows of A labels, '' where one gave none."""


def of_columns(table: Table, columns: Sequence[str]) -> Answers:
    """A column per annotator."""
    cells = [[normalize("NFC", cell) for cell in table.columns[column]] for column in columns]
    return columns, list(zip(*cells, strict=True))


def of_rows(table: Table, ids: Sequence[str], annotator: str, label: str) -> Answers:
    """A row per sample and annotator; the samples in the order in which ids first has them.

    ids: n, with repeats. Raises BadInput where an annotator has two rows of one sample.
    """
    people, labels = table.needed(annotator), table.needed(label)
    names = sorted(set(people))
    given: dict[str, dict[str, int]] = {name: {} for name in ids}
    for row, (name, person) in enumerate(zip(ids, people, strict=True)):
        if given[name].setdefault(person, row) != row:
            problem = f"'{person}' has also labelled '{name}' in {table.place(given[name][person])}"
            raise BadInput(problem, table.place(row), "keep one row per sample and annotator")
    cells = [
        [normalize("NFC", labels[rows[person]]) if person in rows else "" for person in names]
        for rows in given.values()
    ]
    return names, cells


def vote(ids: Sequence[str], answers: Answers) -> list[str]:
    """n labels, each that of most annotators; '' for a sample without any.

    Of tied labels the hash of the sample's id chooses, so that no annotator and no class is favoured and other samples
    never matter.
    """
    votes, labels = _indexed(answers[1], ())
    if not labels:
        return [""] * len(ids)
    counts = np.zeros((len(ids), len(labels)), dtype=np.int64)
    rows, columns = np.nonzero(votes >= 0)
    np.add.at(counts, (rows, votes[rows, columns]), 1)
    tied = counts == counts.max(axis=1, keepdims=True)
    hashes = np.array([int.from_bytes(sha256(name.encode()).digest()[:4], "big") for name in ids])
    chosen = hashes % tied.sum(axis=1)
    winner = (tied.cumsum(axis=1) == chosen[:, None] + 1).argmax(axis=1)
    return [labels[index] if count else "" for index, count in zip(winner, counts.sum(axis=1), strict=True)]


def all_votes(answers: Answers, class_names: Sequence[str]) -> Annotations:
    """All votes. class_names: of the dataset; labels that won for no sample stand behind them."""
    votes, labels = _indexed(answers[1], class_names)
    return Annotations(list(answers[0]), labels, votes)


def write(folder: Path, given: Annotations | None) -> None:
    """Keep the votes beside the raw samples; of a dataset without any, none of an earlier one stay."""
    (folder / FILE).unlink(missing_ok=True)
    if given is not None:
        arrays = {"annotators": np.array(given.annotators), "labels": np.array(given.labels), "votes": given.votes}
        with (folder / FILE).open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)


def read(folder: Path) -> Annotations | None:
    """What write has kept; None for a dataset with one label per sample. Raises BadInput for a damaged file."""
    try:
        with np.load(folder / FILE, allow_pickle=False) as file:
            return Annotations(file["annotators"].tolist(), file["labels"].tolist(), file["votes"])
    except FileNotFoundError:
        return None
    except (OSError, EOFError, ValueError, KeyError, BadZipFile):
        raise BadInput("the votes cannot be read", str(folder / FILE), "fetch the dataset again") from None


def _indexed(cells: Sequence[Sequence[str]], known: Sequence[str]) -> tuple[Array, list[str]]:
    """n x A indices (int64), -1 for '', and the labels that they count: the known ones, then others by name."""
    given = np.array(cells, dtype=str)
    labels = [*known, *sorted(set(given.ravel().tolist()) - {"", *known})]
    position = {name: index for index, name in enumerate(labels)} | {"": -1}
    names, inverse = np.unique(given, return_inverse=True)
    places = np.array([position[name] for name in names.tolist()], dtype=np.int64)
    return places[inverse].reshape(given.shape), labels
