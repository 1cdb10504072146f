"""Samples that are there twice, to the byte."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from pipeline.core.datasets import RawDataset
from pipeline.core.splits import Array
from pipeline.doctor.finding import Finding, Severity, marked


def check_copies(digests: Mapping[str, Array], raw: RawDataset, place: str) -> Iterator[Finding]:
    """Pairs that are equal in all views; then, with one of each such pair, samples that are equal in one view.

    digests: view -> n, equal where the samples are.
    """
    codes = {name: np.unique(of_view, return_inverse=True)[1] for name, of_view in digests.items()}
    _, first, pairs = np.unique(np.stack(list(codes.values()), axis=1), axis=0, return_index=True, return_inverse=True)
    once, across = _repeated(pairs.reshape(-1), raw.split)
    yield from marked(Severity.WARNING, "the pair is in its split twice", once, raw.ids, place, "keep one of each")
    yield from marked(
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
        once, across = _repeated(code[rows], raw.split[rows])
        view_place = f"{place}, view '{name}'"
        yield from marked(
            Severity.NOTE,
            "another pair of the split has the same sample",
            once,
            ids,
            view_place,
            "check that it belongs to both",
        )
        yield from marked(
            Severity.WARNING,
            "a pair of another split has the same sample",
            across,
            ids,
            view_place,
            "keep such pairs in one split or say so beside the results",
        )


def _repeated(codes: Array, split: Array) -> tuple[Array, Array]:
    """n booleans each: an earlier row of the same split has the code; a row of another split has it."""
    parts, part = np.unique(split, return_inverse=True)
    keys, first = np.unique(codes * len(parts) + part, return_index=True)
    once = np.ones(len(codes), dtype=bool)
    once[first] = False
    return once, np.bincount(keys // len(parts))[codes] > 1
