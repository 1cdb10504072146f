"""Ranking by the Hamming distance between codes of a few bits: the signs of what a method embeds.

An embedding as wide as the code gives the signs of its own coordinates, any other one those of random projections
(Charikar, STOC 2002: two bits differ with a probability of angle / pi). The projections are orthogonal, in batches as
large as the dimension allows where the code is wider (super-bits: Ji et al., NIPS 2012), which keeps that probability
and varies less than independent Gaussians. Scaling a row changes no sign, so that the code is that of the unit vector
which the cosine compares.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from pipeline.core.seeds import generator
from pipeline.core.splits import Array, Embeddings, Labels
from pipeline.retrieval.hits import CHUNK, relevant_items
from pipeline.retrieval.ranking import directions


def codes(embeddings: Embeddings, bits: int) -> Embeddings:
    """View -> n x bits of 1 and -1."""
    return {view: np.where(_projected(z, bits) > 0, np.float32(1), np.float32(-1)) for view, z in embeddings.items()}


def hamming_precision(
    queries: Array, gallery: Array, query_labels: Array, gallery_labels: Array, chunk: int = CHUNK
) -> Array:
    """Return AP of each query by Hamming distance (Q), in expectation over random order of equal distances.

    queries: Q x bits, gallery: N x bits of 1 and -1. Of t items at a distance, r are relevant and stand at each place
    equally often; before them stand n items, h of them relevant. Their precision adds up to
    r/t sum_j=1..t (h + 1 + (j - 1)(r - 1)/(t - 1)) / (n + j), where the sums of 1/(n + j) are harmonic numbers. chunk:
    queries at a time.
    """
    bits = queries.shape[1]
    harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, len(gallery) + 1))])
    total = np.zeros(len(queries))
    for start in range(0, len(queries), chunk):
        rows = slice(start, start + chunk)
        distance = ((bits - queries[rows] @ gallery.T) / 2).astype(np.int64)
        place = distance + (bits + 1) * np.arange(len(distance))[:, None]
        relevant = query_labels[rows, None] == gallery_labels
        tied, hits = (
            np.bincount(chosen, minlength=(bits + 1) * len(distance)).reshape(-1, bits + 1).astype(np.float64)
            for chosen in (place.ravel(), place[relevant])
        )
        before, found = (np.cumsum(counts, axis=1) - counts for counts in (tied, hits))
        gap = harmonic[(before + tied).astype(np.int64)] - harmonic[before.astype(np.int64)]
        among = (hits - 1) / np.maximum(tied - 1, 1) * (tied - (before + 1) * gap)
        total[rows] = (hits / np.maximum(tied, 1) * ((found + 1) * gap + among)).sum(axis=1)
    return total / np.maximum(relevant_items(query_labels, gallery_labels), 1)


def mean_hamming_precision(embeddings: Embeddings, labels: Labels, bits: int) -> dict[str, float]:
    """Return 'a->b' -> MAP by sign bits of the queries of view a over the gallery of view b, for all directions."""
    signs = codes(embeddings, bits)
    return {
        f"{a}->{b}": float(hamming_precision(signs[a], signs[b], labels[a], labels[b]).mean())
        for a, b in directions(signs)
    }


@cache
def projection(dimension: int, bits: int) -> Array:
    """Return dimension x bits, always the same: batches of at most `dimension` random orthonormal columns.

    The columns for fewer bits are the first of those for more.
    """
    draws = generator(0, "sign bits", str(dimension))
    batches = []
    for start in range(0, bits, dimension):
        gaussian = draws.standard_normal((min(dimension, bits - start), dimension)).T
        batches.append(np.linalg.qr(gaussian).Q)  # uniform but for the columns' signs, which change no distance
    return np.hstack(batches)


def _projected(rows: Array, bits: int) -> Array:
    dimension = rows.shape[1]
    return rows if dimension == bits else rows.astype(np.float64) @ projection(dimension, bits)
