"""Which differences between methods are more than chance on the given queries, and how robust a method is to noise.

Randomisation test over queries: Smucker, Allan & Carterette (CIKM 2007). Step-down correction for many pairs:
Holm (Scand. J. Statist. 1979). Average ranks and critical difference: Demsar (JMLR 2006).

AP is per query and averaged over seeds, so nothing here covers the spread between trainings. Each query counts as
an independent draw; queries of one class share their relevant items, so p values and intervals say nothing about
other classes or another gallery.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.stats import studentized_range

from pipeline.contract import Array
from pipeline.errors import BadInput

BLOCK = 1 << 20
"""Most numbers that are drawn at a time; results do not depend on it."""

ROUNDING = 1e-12
"""Two sums of the same AP in another order differ by less than this share of the sum of magnitudes."""


@dataclass(frozen=True)
class Robustness:
    """mean: MAP averaged over the interval of noise rates; drop: MAP at the lowest minus MAP at the highest rate."""

    mean: Array
    drop: Array


def paired_permutation(a: Array, b: Array, rounds: int, rng: np.random.Generator) -> float:
    """Two-sided p value of mean(a - b) if each query's two AP (both Q) could as well be exchanged.

    (h + 1) / (rounds + 1), where h of the rounds of random signs give a mean at least as far from 0.
    """
    return float(_sign_flips(_paired(a, b)[:, None], rounds, rng)[0])


def paired_bootstrap(
    a: Array, b: Array, rounds: int, rng: np.random.Generator, confidence: float = 0.95
) -> tuple[float, float]:
    """Percentile interval of mean(a - b) over queries drawn with replacement. a, b: Q."""
    difference = _paired(a, b)
    count = len(difference)
    means = [difference[rng.integers(0, count, (n, count))].mean(axis=1) for n in _blocks(rounds, count)]
    low, high = np.quantile(np.concatenate(means), [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def holm(p_values: Array) -> Array:
    """Adjusted p values of one family (m, any order): the i-th smallest times m - i + 1, never falling, at most 1."""
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all():
        raise BadInput("p values are a list of numbers from 0 to 1", "holm", "give one family of tests")
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1)
    return adjusted


def tied_with_best(ap: Mapping[str, Array], level: float, rounds: int, rng: np.random.Generator) -> list[str]:
    """Names that cannot be told from the one of largest MAP on these queries, that one included, in the given order.

    ap: name -> Q, one column (dataset, direction, rate) of a table. Its family is all pairs of names, corrected by
    Holm; the same random signs serve all pairs. Rounds must be able to make one pair significant.
    """
    names, pairs = list(ap), list(combinations(ap, 2))
    if not pairs:
        return names
    if len(pairs) / (rounds + 1) > level:
        what = f"{rounds} rounds cannot reach level {level} with {len(pairs)} pairs"
        raise BadInput(what, "significance", f"use at least {int(np.ceil(len(pairs) / level))}")
    differences = np.stack([_paired(ap[one], ap[other]) for one, other in pairs], axis=1)
    adjusted = holm(_sign_flips(differences, rounds, rng))
    best = max(names, key=lambda name: float(np.mean(ap[name], dtype=np.float64)))
    lost = {name for pair, p in zip(pairs, adjusted, strict=True) if best in pair and p <= level for name in pair}
    return [name for name in names if name == best or name not in lost]


def average_ranks(scores: Array) -> Array:
    """Mean rank of each method over columns, 1 = best, equal scores share their mean rank. scores: methods x columns.

    A description only: rates and directions of one dataset are not independent columns.
    """
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim != 2 or not scores.shape[1] or not np.isfinite(scores).all():
        raise BadInput("ranks need a score in every cell", "average ranks", "leave out rows or columns with gaps")
    own, others = scores[:, None], scores[None]
    ranks = 0.5 + (others > own).sum(axis=1) + (others == own).sum(axis=1) / 2
    return np.asarray(ranks.mean(axis=1))


def critical_difference(methods: int, columns: int, level: float = 0.05) -> float:
    """Nemenyi's difference of average ranks, as in Demsar; exact only for independent columns, so a description."""
    quantile = studentized_range.ppf(1 - level, methods, np.inf) / np.sqrt(2)
    return float(quantile * np.sqrt(methods * (methods + 1) / (6 * columns)))


def area_under_rates(rates: Array, maps: Array) -> Robustness:
    """Robustness by the trapezoidal rule. rates: R, in any order; maps: ... x R, e.g. seeds x R."""
    rates, maps = np.asarray(rates, dtype=np.float64), np.asarray(maps, dtype=np.float64)
    if rates.ndim != 1 or len(np.unique(rates)) != len(rates) or len(rates) < 2 or maps.shape[-1:] != rates.shape:
        raise BadInput(
            f"{maps.shape} scores do not belong to the rates {rates.tolist()}",
            "area under the rates",
            "give one score for each of two or more different rates",
        )
    order = np.argsort(rates)
    rates, maps = rates[order], maps[..., order]
    area = np.trapezoid(maps, rates, axis=-1) / (rates[-1] - rates[0])
    return Robustness(mean=np.asarray(area), drop=np.asarray(maps[..., 0] - maps[..., -1]))


def _paired(a: Array, b: Array) -> Array:
    """a - b in float64."""
    if np.ndim(a) != 1 or np.shape(a) != np.shape(b) or not len(a):
        raise BadInput(f"{np.shape(a)} and {np.shape(b)} AP are not paired", "significance", "give one AP per query")
    difference = np.subtract(a, b, dtype=np.float64)
    if not np.isfinite(difference).all():
        raise BadInput("some AP are NaN or infinite", "significance", "leave out methods without a result")
    return difference


def _sign_flips(differences: Array, rounds: int, rng: np.random.Generator) -> Array:
    """p values (m) of the column means of Q x m differences; a round flips the same queries in all columns."""
    count = len(differences)
    total = differences.sum(axis=0)
    least = np.abs(total) - ROUNDING * np.abs(differences).sum(axis=0)
    hits = np.zeros(differences.shape[1], dtype=np.int64)
    for n in _blocks(rounds, max(count, differences.shape[1])):
        words = rng.integers(0, 2**64, (n, -(-count // 64)), dtype=np.uint64)
        kept = np.unpackbits(words.view(np.uint8), axis=1, count=count)
        hits += (np.abs(2 * (kept.astype(np.float64) @ differences) - total) >= least).sum(axis=0)
    return (hits + 1) / (rounds + 1)


def _blocks(rounds: int, width: int) -> Iterator[int]:
    """Numbers of rounds that together are all rounds, each with at most BLOCK numbers of this width."""
    if rounds < 1:
        raise BadInput(f"{rounds} rounds are not enough", "significance", "use at least 1")
    step = max(BLOCK // width, 1)
    for start in range(0, rounds, step):
        yield min(step, rounds - start)
