"""Which differences between methods are more than chance on the given queries.

Randomisation test over queries: Smucker, Allan & Carterette (CIKM 2007). Step-down correction for many pairs:
Holm (Scand. J. Statist. 1979). Average ranks and critical difference: Demsar (JMLR 2006).

AP is per query and averaged over seeds, so nothing here covers the spread between trainings. Each query counts as
an independent draw; queries of one class share their relevant items, so p values and intervals say nothing about
other classes or another gallery.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
from scipy.stats import rankdata, studentized_range

from pipeline.core.errors import BadInput
from pipeline.core.splits import Array

BLOCK = 1 << 20
"""Most numbers that are drawn at a time; results do not depend on it."""

ROUNDING = 1e-12
"""Two sums of the same AP in another order differ by less than this share of the sum of magnitudes."""


def bootstrap_intervals(differences: Array, rounds: int, rng: np.random.Generator, confidence: float = 0.95) -> Array:
    """Return percentile intervals (M x 2: low, high) of the column means over queries drawn with replacement.

    differences: Q x M; a round draws the same queries for all columns.
    """
    differences = np.asarray(differences, dtype=np.float64)
    count = len(differences)
    means = [_times_drawn(n, count, rng) @ differences / count for n in _blocks(rounds, count)]
    ends = [(1 - confidence) / 2, (1 + confidence) / 2]
    return np.asarray(np.quantile(np.concatenate(means), ends, axis=0).T)


def holm(p_values: Array) -> Array:
    """Return the adjusted p values of one family (m, any order).

    The i-th smallest is multiplied by m - i + 1; they never fall and are at most 1.
    """
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all():
        raise BadInput("p values are a list of numbers from 0 to 1", "holm", "give one family of tests")
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1)
    return adjusted


def p_against(
    best: str, ap: Mapping[str, Array], level: float, rounds: int, rng: np.random.Generator
) -> dict[str, float]:
    """Return the adjusted p value of each other name's difference to best, in the given order.

    ap: name -> Q, one column (dataset, noise, rate, direction) of a table. Its family is all pairs of names, corrected
    by Holm; the same random signs serve all pairs.
    Raises BadInput where the rounds cannot make one pair significant at the level.
    """
    names = list(ap)
    pairs = list(combinations(names, 2))
    if not pairs:
        return {}
    if len(pairs) / (rounds + 1) > level:
        reason = f"{rounds} rounds cannot reach level {level} with {len(pairs)} pairs"
        raise BadInput(reason, "significance", f"use at least {int(np.ceil(len(pairs) / level))}")
    places = [(names.index(one), names.index(other)) for one, other in pairs]
    adjusted = holm(sign_flips(stacked(list(ap.values())), places, rounds, rng))
    by_pair = {frozenset(pair): float(p) for pair, p in zip(pairs, adjusted, strict=True)}
    return {name: by_pair[frozenset((best, name))] for name in names if name != best}


def average_ranks(scores: Array) -> Array:
    """Return the mean rank of each method over columns: 1 = best, equal scores share their mean rank.

    scores: methods x columns. A description only: rates and directions of one dataset are not independent columns.
    """
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim != 2 or not scores.shape[1] or not np.isfinite(scores).all():
        raise BadInput("ranks need a score in every cell", "average ranks", "leave out rows or columns with gaps")
    return np.asarray(rankdata(-scores, axis=0).mean(axis=1))


def critical_difference(methods: int, columns: int, level: float = 0.05) -> float:
    """Return Nemenyi's difference of average ranks, as in Demsar.

    It is exact only for independent columns, so a description.
    """
    quantile = studentized_range.ppf(1 - level, methods, np.inf) / np.sqrt(2)
    return float(quantile * np.sqrt(methods * (methods + 1) / (6 * columns)))


def stacked(ap: Sequence[Array]) -> Array:
    """Return lists of AP (Q each) as columns in float64 (Q x M).

    Raises BadInput if they are not paired or not finite.
    """
    first = np.shape(ap[0])
    other = next((np.shape(one) for one in ap if np.shape(one) != first), first)
    if len(first) != 1 or other != first or not first[0]:
        raise BadInput(f"{first} and {other} AP are not paired", "significance", "give one AP per query")
    columns = np.stack(ap, axis=1, dtype=np.float64)
    if not np.isfinite(columns).all():
        raise BadInput("some AP are NaN or infinite", "significance", "leave out methods without a result")
    return columns


def sign_flips(ap: Array, pairs: Sequence[tuple[int, int]], rounds: int, rng: np.random.Generator) -> Array:
    """Return the two-sided p values of pairs of columns of ap (Q x M), if a query's two AP could as well be exchanged.

    (h + 1) / (rounds + 1), where h of the rounds of random signs give a mean difference at least as far from 0; a
    round exchanges the AP of the same queries in all pairs.

    The signed sum of a difference is the difference of signed sums, so one product per round serves all pairs.
    """
    one, other = np.array(pairs).T
    total, magnitude = ap.sum(axis=0), np.abs(ap).sum(axis=0)
    least = np.abs(total[one] - total[other]) - ROUNDING * (magnitude[one] + magnitude[other])
    hits = np.zeros(len(pairs), dtype=np.int64)
    for n in _blocks(rounds, max(len(ap), len(pairs))):
        words = rng.integers(0, 2**64, (n, -(-len(ap) // 64)), dtype=np.uint64)
        kept = np.unpackbits(words.view(np.uint8), axis=1, count=len(ap))
        signed = (2 * (kept.astype(np.float64) @ ap) - total).T.copy()
        hits += (np.abs(signed[one] - signed[other]) >= least[:, None]).sum(axis=1)
    return (hits + 1) / (rounds + 1)


def _times_drawn(rounds: int, count: int, rng: np.random.Generator) -> Array:
    """How often each query is among as many as there are, drawn with replacement: rounds x Q."""
    drawn = rng.integers(0, count, (rounds, count))
    drawn += np.arange(0, rounds * count, count)[:, None]
    return np.bincount(drawn.ravel(), minlength=rounds * count).reshape(rounds, count).astype(np.float64)


def _blocks(rounds: int, width: int) -> Iterator[int]:
    """Numbers of rounds that together are all rounds, each with at most BLOCK numbers of this width."""
    if rounds < 1:
        raise BadInput(f"{rounds} rounds are not enough", "significance", "use at least 1")
    step = max(BLOCK // width, 1)
    for start in range(0, rounds, step):
        yield min(step, rounds - start)
