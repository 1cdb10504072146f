"""Where the relevant items stand in every query's complete ranking: the sort behind AP and every other metric.

Similarities become fixed-point integers with the relevance in the lowest bit, so that one sort of plain
values (SIMD, no indices) ranks a whole chunk of queries and the sorted bits are all that a score needs.
Half of the int32 range keeps every mantissa bit of a float32 above 2**-6 and errs by 2**-29 below, less
than the product's rounding; in float64 the grid of 2**-40 is coarser than rounding, so equal similarities tie.
BLAS may round the products of equal columns differently, hence equal gallery rows are multiplied once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.core.errors import BadInput
from pipeline.core.splits import Array

CHUNK = 256


@dataclass(frozen=True)
class Hits:
    """The ranks at which relevant items may stand, for some queries; arrays of equal length, by query and rank.

    query: position among the queries; rank: from 1; relevance: probability that the item there is relevant; hits:
    expected relevant items up to here if it is; recalled: expected relevant items up to here, in any case; tied:
    number of items that share this similarity, at consecutive ranks and in random order.
    Without ties relevance and tied are 1 and hits = recalled = 1, 2, ...
    """

    query: Array
    rank: Array
    relevance: Array
    hits: Array
    recalled: Array
    tied: Array


def ranked(
    queries: Array, gallery: Array, query_labels: Array, gallery_labels: Array, chunk: int = CHUNK
) -> Iterator[Hits]:
    """Yield the hits of every query that has any; all hits of a query stand in one part.

    queries: Q x d, gallery: N x d: rows are scaled to unit length, a zero row has similarity 0 to everything.
    Works on chunk x N similarities at a time, in float64 up to 256 dimensions and in float32 above.
    Raises BadInput if shapes do not match or an embedding is not finite.
    """
    if queries.ndim != 2 or gallery.ndim != 2 or queries.shape[1] != gallery.shape[1]:
        raise BadInput(
            f"queries are {queries.shape}, the gallery is {gallery.shape}",
            "ranking",
            "embed all views into one space",
        )
    if len(queries) != len(query_labels) or len(gallery) != len(gallery_labels):
        raise BadInput("the labels do not match the embeddings in number", "ranking", "give one label per row")
    real: Any = np.float64 if queries.shape[1] <= 256 else np.float32
    integer: Any
    integer, bits = (np.int64, 40) if real is np.float64 else (np.int32, 29)
    columns = _unit(gallery, "gallery").astype(real)
    distinct, column = _distinct(gallery)
    repeated = len(distinct) < len(gallery)
    if repeated:
        columns = columns[distinct]
    rows = (_unit(queries, "queries") * -(2.0**bits)).astype(real)  # negative: the best rank sorts first
    for start in range(0, len(queries), chunk):
        keys: Array = (rows[start : start + chunk] @ columns.T).astype(integer)
        if repeated:
            keys = keys.take(column, axis=1)
        keys <<= 1
        same = query_labels[start : start + chunk, None] == gallery_labels
        keys |= same
        keys.sort(axis=1)
        yield from _read(keys, start)


def relevant_items(query_labels: Array, gallery_labels: Array) -> Array:
    """Return the number of relevant gallery items of each query (Q)."""
    ordered = np.sort(gallery_labels)
    low, high = (np.searchsorted(ordered, query_labels, side=side) for side in ("left", "right"))
    return np.asarray(high - low)


def _read(keys: Array, start: int) -> Iterator[Hits]:
    """Yield the hits of sorted keys; a query whose ties mix relevant and irrelevant items comes in expectation."""
    width = keys.shape[1]
    relevant = (keys & 1).astype(bool)
    place = np.flatnonzero(relevant)
    per_row = np.count_nonzero(relevant, axis=1)
    row = np.repeat(np.arange(len(keys)), per_row)
    rank = 1 + place - row * width
    follows = keys.ravel()[place] == keys.ravel()[place - 1] + 1
    mixed = np.bincount(row[follows & (rank > 1)], minlength=len(keys)) > 0
    if mixed.any():
        yield _expected(keys[mixed], start + np.flatnonzero(mixed))
        plain = ~mixed[row]
        row, rank, per_row = row[plain], rank[plain], np.where(mixed, 0, per_row)
    hits = 1 + np.arange(len(row)) - np.repeat(np.cumsum(per_row) - per_row, per_row)
    alone = np.ones(len(row), dtype=np.int64)
    yield Hits(start + row, rank, alone, hits, hits, alone)


def _expected(keys: Array, query: Array) -> Hits:
    """Return the expectation over random order within each group of equal similarity.

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
        relevance=(r / m)[group],
        hits=h[group] + 1 + (j - 1) * step[group],
        recalled=h[group] + j * (r / m)[group],
        tied=m[group],
    )


def _distinct(rows: Array) -> tuple[Array, Array]:
    """Return the indices of rows without repetitions, and for each row which of them equals it."""
    packed = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.shape[1] * rows.itemsize))).ravel()
    _, first, equal = np.unique(packed, return_index=True, return_inverse=True)
    return first, equal


def _unit(rows: Array, place: str) -> Array:
    """Return the rows scaled to unit length. place: their name in an error."""
    length = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))
    bad = ~np.isfinite(length)
    if bad.any():
        raise BadInput(
            f"{int(bad.sum())} of {len(rows)} embeddings are NaN or infinite, the first in row {bad.argmax()}",
            place,
            "look at the training loss and lower the learning rate",
        )
    return rows / np.where(length > 0, length, 1)[:, None]
