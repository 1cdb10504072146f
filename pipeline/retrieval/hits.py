"""Where the relevant items stand in every query's complete ranking: the sort behind ranking.py.

Similarities become fixed-point integers with the relevance in the lowest bit, so that one sort of plain
values (SIMD, no indices) ranks a whole chunk of queries and the sorted bits are all that a score needs.
Half of the int32 range keeps every mantissa bit of a float32 above 2**-6 and errs by 2**-29 below, less
than the product's rounding; in float64 the grid of 2**-40 is coarser than rounding, so equal similarities tie.
BLAS may round the products of equal columns differently, hence equal gallery rows are multiplied once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from pipeline.core.errors import BadInput
from pipeline.core.splits import Array

Ties = Literal["expected", "last", "first"]
CHUNK = 256


@dataclass(frozen=True)
class Hits:
    """Ranks where relevant items stand, for some queries; arrays of equal length, ordered by query and rank.

    query: position in the call's queries; rank: from 1; weight: probability that the item there is relevant;
    hits: expected relevant items up to here if it is; expected: expected relevant items up to here.
    Without ties weight is 1 and hits = expected = 1, 2, ...
    """

    query: Array
    rank: Array
    weight: Array | float
    hits: Array
    expected: Array
    tied: bool


def ranked(
    queries: Array, gallery: Array, query_labels: Array, gallery_labels: Array, ties: Ties, chunk: int
) -> Iterator[Hits]:
    """The hits of every query that has any, a chunk of queries at a time."""
    if queries.ndim != 2 or gallery.ndim != 2 or queries.shape[1] != gallery.shape[1]:
        raise BadInput(
            f"queries are {queries.shape}, the gallery is {gallery.shape}",
            "ranking",
            "embed all views into one space",
        )
    if len(queries) != len(query_labels) or len(gallery) != len(gallery_labels):
        raise BadInput("the labels do not match the embeddings in number", "ranking", "give one label per row")
    kind: Any = np.float64 if queries.shape[1] <= 256 else np.float32
    whole: Any
    whole, bits = (np.int64, 40) if kind is np.float64 else (np.int32, 29)
    columns = _unit(gallery, "gallery").astype(kind)
    distinct, column = _distinct(gallery)
    repeated = len(distinct) < len(gallery)
    if repeated:
        columns = columns[distinct]
    rows = (_unit(queries, "queries") * -(2.0**bits)).astype(kind)  # negative: the best rank sorts first
    for start in range(0, len(queries), chunk):
        keys: Array = (rows[start : start + chunk] @ columns.T).astype(whole)
        if repeated:
            keys = keys.take(column, axis=1)
        keys <<= 1
        same = query_labels[start : start + chunk, None] == gallery_labels
        keys |= ~same if ties == "first" else same
        keys.sort(axis=1)
        yield from _read(keys, start, ties)


def _read(keys: Array, start: int, ties: Ties) -> Iterator[Hits]:
    """The hits of sorted keys; a query whose ties mix relevant and irrelevant items comes in expectation."""
    width = keys.shape[1]
    relevant = (keys & 1).astype(bool)
    if ties == "first":
        relevant = ~relevant
    place = np.flatnonzero(relevant)
    per_row = np.count_nonzero(relevant, axis=1)
    row = np.repeat(np.arange(len(keys)), per_row)
    rank = 1 + place - row * width
    if ties == "expected":
        follows = keys.ravel()[place] == keys.ravel()[place - 1] + 1
        mixed = np.bincount(row[follows & (rank > 1)], minlength=len(keys)) > 0
        if mixed.any():
            yield _expected(keys[mixed], start + np.flatnonzero(mixed))
            plain = ~mixed[row]
            row, rank, per_row = row[plain], rank[plain], np.where(mixed, 0, per_row)
    hits = 1 + np.arange(len(row)) - np.repeat(np.cumsum(per_row) - per_row, per_row)
    yield Hits(start + row, rank, 1.0, hits, hits, tied=False)


def _expected(keys: Array, query: Array) -> Hits:
    """Expectation over random order within each group of equal similarity.

    A group of m items, r of them relevant, that stands after a items with h hits: the item at position
    j = 1..m is relevant with probability r / m and then is hit number h + 1 + (j - 1)(r - 1)/(m - 1) on average.
    """
    width = keys.shape[1]
    value = keys >> 1
    opens = np.ones(keys.shape, dtype=bool)
    np.not_equal(value[:, 1:], value[:, :-1], out=opens[:, 1:])
    first = np.flatnonzero(opens)
    m = np.diff(first, append=keys.size)
    r = np.add.reduceat((keys & 1).ravel(), first).astype(np.int64)
    row = first // width
    before = np.cumsum(r) - r
    h = before - before[first % width == 0][row]
    some = r > 0
    m, r, h, row, a = m[some], r[some], h[some], row[some], first[some] % width
    group = np.repeat(np.arange(len(m)), m)
    j = 1 + np.arange(len(group)) - np.repeat(np.cumsum(m) - m, m)
    step = (r - 1) / np.maximum(m - 1, 1)
    return Hits(
        query=query[row[group]],
        rank=a[group] + j,
        weight=(r / m)[group],
        hits=h[group] + 1 + (j - 1) * step[group],
        expected=h[group] + j * (r / m)[group],
        tied=True,
    )


def _distinct(rows: Array) -> tuple[Array, Array]:
    """Indices of rows without repetitions, and for each row given which of them equals it."""
    packed = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.shape[1] * rows.itemsize))).ravel()
    _, first, which = np.unique(packed, return_index=True, return_inverse=True)
    return first, which


def _unit(rows: Array, where: str) -> Array:
    """Rows scaled to unit length."""
    length = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))
    bad = ~np.isfinite(length)
    if bad.any():
        raise BadInput(
            f"{int(bad.sum())} of {len(rows)} embeddings are NaN or infinite, the first in row {bad.argmax()}",
            where,
            "look at the training loss and lower the learning rate",
        )
    return rows / np.where(length > 0, length, 1)[:, None]
