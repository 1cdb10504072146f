"""Samples that are there twice, to the byte."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from pipeline.core.datasets import RawDataset
from pipeline.core.splits import Array
from pipeline.doctor.finding import Finding, Severity, finding

SHOWN = 5
"""Samples that are named with their twins."""


def check_copies(digests: Mapping[str, Array], raw: RawDataset, place: str) -> Iterator[Finding]:
    """Pairs that are equal in all views; then, with one of each such pair, samples that are equal in one view.

    digests: view -> n, equal where the samples are.
    """
    codes = {name: np.unique(of_view, return_inverse=True)[1] for name, of_view in digests.items()}
    _, first, pairs = np.unique(np.stack(list(codes.values()), axis=1), axis=0, return_index=True, return_inverse=True)
    once, across = _twins(pairs.reshape(-1), raw.split)
    yield from _copies(Severity.WARNING, "the pair is in its split twice", once, raw.ids, place, "keep one of each")
    yield from _copies(
        Severity.WARNING,
        "the pair is in several splits",
        across,
        raw.ids,
        place,
        "keep it in one, for a tested pair that was trained flatters every method",
    )
    rows = np.sort(first)
    ids = [raw.ids[int(row)] for row in rows]
    for name, code in codes.items():
        once, across = _twins(code[rows], raw.split[rows])
        view_place = f"{place}, view '{name}'"
        yield from _copies(
            Severity.NOTE,
            "another pair of the split has the same sample",
            once,
            ids,
            view_place,
            "check that it belongs to both",
        )
        yield from _copies(
            Severity.WARNING,
            "a pair of another split has the same sample",
            across,
            ids,
            view_place,
            "keep such pairs in one split or say so beside the results",
        )


def _copies(
    severity: Severity, problem: str, twins: Array, ids: Sequence[str], place: str, remedy: str
) -> Iterator[Finding]:
    """As `marked`, with the twins of the first samples. twins: n rows, -1 for a sample without any."""
    rows = np.flatnonzero(twins >= 0).tolist()
    if rows:
        named = [f"'{ids[row]}' (a copy of '{ids[int(twins[row])]}')" for row in rows[:SHOWN]]
        more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
        listed = f"{len(rows)} of {len(twins)} samples, {', '.join(named)}{more}"
        yield finding(severity, f"{problem}: {listed}", place, remedy)


def _twins(codes: Array, split: Array) -> tuple[Array, Array]:
    """n rows each, -1 for none: the first one of the same split, and one of another split, that has the row's code."""
    parts, part = np.unique(split, return_inverse=True)
    keys, first, group = np.unique(codes * len(parts) + part, return_index=True, return_inverse=True)
    once = np.where(first[group] == np.arange(len(codes)), -1, first[group])
    code = keys // len(parts)
    following = np.append(code[1:] == code[:-1], False)
    neighbour = np.where(following, np.arange(1, len(keys) + 1), np.arange(-1, len(keys) - 1))
    alone = np.bincount(code)[code] < 2
    return once, np.where(alone, -1, first[np.where(alone, 0, neighbour)])[group]
