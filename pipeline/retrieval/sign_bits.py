"""Ranking by the Hamming distance between codes of a few bits: the signs of what a method embeds.

An embedding as wide as the code gives the signs of its own coordinates, any other one those of random projections
(Charikar, STOC 2002: two bits differ with a probability of angle / pi). The projections are orthogonal, in batches as
large as the dimension allows where the code is wider (super-bits: Ji et al., NIPS 2012), which keeps that probability
and varies less than independent Gaussians. Scaling a row changes no sign, so that the code is that of the unit vector
which the cosine compares.
"""

from __future__ import annotations

from functools import cache
from math import isqrt

import numpy as np

from pipeline.core.seeds import generator
from pipeline.core.splits import Array, Embeddings


def by_sign_bits(embeddings: Embeddings, bits: int) -> Embeddings:
    """View -> rows of 1 and -1 that rank by Hamming distance: their cosine is 1 - 2 distance / bits.

    bits: a power of two up to 128. Every bit stands twice where it is no power of four: a row's length is then a power
    of two, so that no similarity rounds and equal distances tie in retrieval/hits.py.
    """
    repeats = 1 if isqrt(bits) ** 2 == bits else 2
    signs = {view: np.where(_projected(z, bits) > 0, 1.0, -1.0) for view, z in embeddings.items()}
    return {view: np.repeat(rows, repeats, axis=1) for view, rows in signs.items()}


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
