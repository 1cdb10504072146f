"""Samples that are there twice, to the byte."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b

import numpy as np

from pipeline.core.datasets import RawDataset, RawView
from pipeline.core.splits import Array
from pipeline.doctor.finding import Finding, Severity, finding

SHOWN = 5
"""Samples that are named with their twins."""


def check_copies(raw: RawDataset, place: str) -> Iterator[Finding]:
    """Pairs that are equal in all views; then, with one of each such pair, samples that are equal in one view."""
    codes = {name: _codes(view) for name, view in raw.views.items()}
    _, first, pairs = np.unique(np.stack(list(codes.values()), axis=1), axis=0, return_index=True, return_inverse=True)
    pairs = pairs.reshape(-1)
    once, across = _repeated(pairs, raw.split)
    yield from _copies(
        Severity.WARNING, "the pair is in its split twice", once, pairs, raw.ids, place, "keep one of each"
    )
    yield from _copies(
        Severity.WARNING,
        "the pair is in several splits",
        across,
        pairs,
        raw.ids,
        place,
        "keep it in one, for a tested pair that was trained flatters every method",
    )
    rows = np.sort(first)
    ids = [raw.ids[int(row)] for row in rows]
    for name, code in codes.items():
        once, across = _repeated(code[rows], raw.split[rows])
        view_place = f"{place}, view '{name}'"
        yield from _copies(
            Severity.NOTE,
            "another pair of the split has the same sample",
            once,
            code[rows],
            ids,
            view_place,
            "check that it belongs to both",
        )
        yield from _copies(
            Severity.WARNING,
            "a pair of another split has the same sample",
            across,
            code[rows],
            ids,
            view_place,
            "keep such pairs in one split or say so beside the results",
        )


def _copies(
    severity: Severity, problem: str, mask: Array, codes: Array, ids: Sequence[str], place: str, remedy: str
) -> Iterator[Finding]:
    """As `marked`, each of the first samples with its twin: another one that has its code."""
    rows = [int(row) for row in np.flatnonzero(mask)]
    if rows:
        twins = [next(int(x) for x in np.flatnonzero(codes == codes[row]) if x != row) for row in rows[:SHOWN]]
        named = [f"'{ids[row]}' (a copy of '{ids[twin]}')" for row, twin in zip(rows, twins, strict=False)]
        more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
        yield finding(
            severity, f"{problem}: {len(rows)} of {len(mask)} samples, {', '.join(named)}{more}", place, remedy
        )


def _codes(view: RawView) -> Array:
    """n numbers (int64), equal where the samples are equal byte by byte."""
    samples = np.ascontiguousarray(view.samples) if isinstance(view.samples, np.ndarray) else view.samples
    hashes = (
        blake2b(x.encode("utf-8", "surrogatepass") if isinstance(x, str) else x, digest_size=16).digest()
        for x in samples
    )
    codes: Array = np.unique(np.frombuffer(b"".join(hashes), dtype="V16"), return_inverse=True)[1]
    return codes


def _repeated(codes: Array, split: Array) -> tuple[Array, Array]:
    """n booleans each: an earlier row of the same split has the code; a row of another split has it."""
    parts, part = np.unique(split, return_inverse=True)
    keys, first = np.unique(codes * len(parts) + part, return_index=True)
    once = np.ones(len(codes), dtype=bool)
    once[first] = False
    return once, np.bincount(keys // len(parts))[codes] > 1
