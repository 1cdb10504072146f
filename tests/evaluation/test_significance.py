"""Every statistic against an enumeration, another implementation or numbers that were worked out by hand."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import stats

from pipeline.core.errors import BadInput
from pipeline.core.splits import Array
from pipeline.evaluation import significance
from pipeline.evaluation.significance import (
    average_ranks,
    bootstrap_intervals,
    critical_difference,
    holm,
    p_against,
    sign_flips,
    stacked,
)

LEVEL = 0.05


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def paired_permutation(a: Array, b: Array, rounds: int, draw: np.random.Generator) -> float:
    """p value of one pair of lists of AP."""
    return float(sign_flips(stacked([a, b]), [(0, 1)], rounds, draw)[0])


def paired_bootstrap(
    a: Array, b: Array, rounds: int, draw: np.random.Generator, confidence: float = 0.95
) -> tuple[float, float]:
    """Interval of the mean of a - b."""
    low, high = bootstrap_intervals(np.subtract(a, b)[:, None], rounds, draw, confidence)[0]
    return float(low), float(high)


def tied_with_best(ap: dict[str, Array], level: float, rounds: int, draw: np.random.Generator) -> list[str]:
    """Names that are not significantly worse than the best one, that one included."""
    best = max(ap, key=lambda name: ap[name].mean(dtype=np.float64))
    p = p_against(best, ap, level, rounds, draw)
    return [name for name in ap if name == best or p[name] > level]


def exchangeable(seed: int, methods: int, queries: int, gain: float = 0.0) -> Array:
    """AP (methods x queries) of equally good methods: hard and easy queries, skewed errors; the last one gains."""
    draw = rng(seed)
    ap = 0.6 * draw.beta(2, 2, queries) + 0.4 * draw.beta(0.5, 0.5, (methods, queries))
    ap[-1] += gain
    return ap


def enumerated(a: Array, b: Array) -> float:
    """The p value over all 2**Q assignments of signs."""
    difference = a - b
    sums = np.array([np.dot(signs, difference) for signs in product((-1, 1), repeat=len(a))])
    return float((np.abs(sums) >= abs(difference.sum()) - 1e-9).mean())


@pytest.mark.parametrize("seed", range(3))
def test_permutation_agrees_with_the_enumeration_and_with_scipy(seed: int) -> None:
    a, b = exchangeable(seed, 2, 11, gain=0.1 * seed)
    exact = enumerated(a, b)
    theirs = stats.permutation_test(
        (a, b),
        lambda x, y, axis: np.mean(x - y, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=2**11,
    )
    assert theirs.pvalue == pytest.approx(exact)
    rounds = 40_000
    ours = paired_permutation(a, b, rounds, rng(seed))
    assert ours == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / rounds) + 1 / rounds)
    assert paired_permutation(b, a, rounds, rng(seed)) == ours


def test_permutation_counts_equal_sums_although_they_round_differently() -> None:
    a = np.full(3, 0.1 + 0.2)
    b = np.array([0.2, 0.2, 0.2])
    p = paired_permutation(a, b, 20_000, rng())  # all signs equal: 2 of 8 assignments
    assert p == pytest.approx(0.25, abs=0.013)
    steps = np.array([0.1, 0.2, 0.3, 0.6])  # +.1 +.2 +.3 -.6 is 0 but for rounding
    signs = np.array([1, 1, 1, -1])
    assert paired_permutation(steps * signs, np.zeros(4), 500, rng()) == 1


@pytest.mark.parametrize("seed", range(3))
def test_permutation_of_tenths_is_that_of_whole_numbers(seed: int) -> None:
    """Sums of whole numbers are exact, those of tenths are not, and many of them are equal."""
    a, b = rng(seed).integers(0, 11, (2, 30))
    assert paired_permutation(a / 10, b / 10, 999, rng(seed)) == paired_permutation(a, b, 999, rng(seed))


@pytest.mark.parametrize("rounds", [1, 99])
def test_identical_inputs_give_one_and_the_smallest_p_is_never_zero(rounds: int) -> None:
    ap = rng().random(50)
    assert paired_permutation(ap, ap.copy(), rounds, rng()) == 1
    assert paired_bootstrap(ap, ap.copy(), rounds, rng()) == (0, 0)
    assert paired_permutation(ap + 1, ap, rounds, rng()) == 1 / (rounds + 1)


def test_permutation_has_its_level() -> None:
    """99 rounds and continuous differences: P(p <= .05) is exactly .05."""
    trials = 1000
    p = np.array([paired_permutation(*exchangeable(seed, 2, 40), 99, rng(seed + trials)) for seed in range(trials)])
    for level in (0.05, 0.2):
        low, high = stats.binom.interval(0.999, trials, level)
        assert low <= (p <= level).sum() <= high


def test_permutation_has_power() -> None:
    result = [paired_permutation(*exchangeable(seed, 2, 100, gain=0.1), 199, rng(seed)) <= 0.05 for seed in range(100)]
    assert sum(result) > 90


def test_bootstrap_covers_the_true_difference() -> None:
    trials, gain = 300, 0.05
    intervals = [
        paired_bootstrap(b, a, 300, rng(seed)) for seed in range(trials) for a, b in [exchangeable(seed, 2, 80, gain)]
    ]
    covered = sum(low <= gain <= high for low, high in intervals)
    assert stats.binom.ppf(0.001, trials, 0.93) <= covered <= stats.binom.ppf(0.999, trials, 0.95)


def test_bootstrap_agrees_with_scipy() -> None:
    a, b = exchangeable(0, 2, 200, gain=0.1)
    theirs = stats.bootstrap(
        (a - b,), np.mean, n_resamples=20_000, confidence_level=0.9, method="percentile", rng=rng()
    )
    ours = paired_bootstrap(a, b, 20_000, rng(1), confidence=0.9)
    np.testing.assert_allclose(ours, theirs.confidence_interval, atol=0.002)
    wider = paired_bootstrap(a, b, 20_000, rng(1))
    assert wider[0] < ours[0] < ours[1] < wider[1]


def test_bootstrap_of_many_columns_against_a_loop() -> None:
    """Every round draws as many queries as there are, the same for all columns."""
    differences = exchangeable(2, 5, 40).T - 0.5
    draw, means = rng(3), []
    for _ in range(200):
        queries = [int(query) for query in draw.integers(0, 40, 40)]
        means.append([sum(column[query] for query in queries) / 40 for column in differences.T])
    expected = [np.quantile(column, [0.05, 0.95]) for column in np.array(means).T]
    result = bootstrap_intervals(differences, 200, rng(3), confidence=0.9)
    np.testing.assert_allclose(result, expected, rtol=1e-12)
    assert bootstrap_intervals(differences[:, :0], 200, rng(3)).shape == (0, 2)


def test_columns_of_the_bootstrap_do_not_touch_each_other() -> None:
    ap = exchangeable(4, 4, 60)
    together = bootstrap_intervals((ap[1:] - ap[0]).T, 300, rng(5))
    alone = [paired_bootstrap(other, ap[0], 300, rng(5)) for other in ap[1:]]
    np.testing.assert_allclose(together, alone, rtol=1e-12)


def test_blocks_do_not_change_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = exchangeable(1, 2, 70)
    whole = paired_permutation(a, b, 500, rng()), paired_bootstrap(a, b, 500, rng())
    for block in (1, 71, 1000):
        monkeypatch.setattr(significance, "BLOCK", block)
        assert paired_permutation(a, b, 500, rng()) == whole[0]
        np.testing.assert_allclose(paired_bootstrap(a, b, 500, rng()), whole[1], rtol=1e-12)


@pytest.mark.parametrize("statistic", [paired_permutation, paired_bootstrap])
def test_memory_does_not_grow_with_the_rounds(statistic: Callable[..., Any]) -> None:
    a, b = exchangeable(0, 2, 2000)
    tracemalloc.start()
    statistic(a, b, 5000, rng())  # 80 MB if all were drawn at once
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 8 * significance.BLOCK


def test_holm_by_hand() -> None:
    adjusted = holm(np.array([0.01, 0.04, 0.03, 0.005]))  # .005 * 4, .01 * 3, .03 * 2, then .04 * 1 < .06
    np.testing.assert_allclose(adjusted, [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm(np.array([0.6, 0.4, 0.5])), 1)
    np.testing.assert_allclose(holm(np.array([0.02, 0.02])), 0.04)
    assert holm(np.array([0.3])) == [0.3]
    assert holm(np.array([])).shape == (0,)


@pytest.mark.parametrize("seed", range(5))
def test_holm_against_the_procedure(seed: int) -> None:
    """Holm's own words: walk up the ordered p values while p <= level / (hypotheses left); stop at the first other."""
    p = np.round(rng(seed).random(12) ** 4, 3)  # some equal
    adjusted = holm(p)
    for level in (0.01, 0.05, 0.2, 0.5):
        rejected = set()
        for done, index in enumerate(np.argsort(p)):
            if p[index] * (len(p) - done) > level:
                break
            rejected.add(int(index))
        assert set(np.flatnonzero(adjusted <= level)) == rejected
    order = rng(seed).permutation(12)
    np.testing.assert_array_equal(holm(p[order]), adjusted[order])
    assert (adjusted >= p).all()


def test_the_family_of_all_pairs_has_its_level() -> None:
    """Under equality, another name is told from the best in at most 5 % of the columns."""
    trials, names = 200, "abcd"
    split = sum(
        len(tied_with_best(dict(zip(names, exchangeable(seed, 4, 40), strict=True)), 0.05, 199, rng(seed))) < 4
        for seed in range(trials)
    )
    assert split <= stats.binom.ppf(0.999, trials, 0.05)


def test_a_planted_best_stands_alone_and_its_twin_beside_it() -> None:
    ap = dict(zip("abcd", exchangeable(0, 4, 200, gain=0.15), strict=True))
    assert tied_with_best(ap, 0.05, 999, rng()) == ["d"]
    twin = {"twin": ap["d"].copy(), **ap}
    assert tied_with_best(twin, 0.05, 999, rng()) == ["twin", "d"]
    near = {**ap, "near": ap["d"] + 0.01 * rng().standard_normal(200)}
    assert tied_with_best(near, 0.05, 999, rng()) == ["d", "near"]


def test_equal_columns_stay_equal_among_many() -> None:
    """One product sums all columns; that it may round each in its own way must not part what is equal."""
    ap = {str(n): column for n, column in enumerate(exchangeable(5, 26, 333, gain=0.3).astype(np.float32))}
    ap = {"twin": ap["25"][:], **ap}
    assert tied_with_best(ap, 0.9, 999, rng()) == ["twin", "25"]


def test_only_pairs_with_the_best_decide_but_all_pairs_are_the_family() -> None:
    ap = dict(zip("abc", exchangeable(3, 3, 60), strict=True))
    best = max(ap, key=lambda name: ap[name].mean())
    pairs = [("a", "b"), ("a", "c"), ("b", "c")]
    adjusted = holm(np.array([paired_permutation(ap[one], ap[other], 999, rng()) for one, other in pairs]))
    p_of = dict(zip(pairs, adjusted, strict=True))
    for level in (0.2, 0.5, 0.9):
        printed = {name for pair, p in p_of.items() if best in pair and p <= level for name in pair} - {best}
        assert tied_with_best(ap, level, 999, rng()) == [name for name in ap if name not in printed]


def test_one_name_has_nobody_to_be_compared_with() -> None:
    assert p_against("a", {"a": np.ones(3)}, LEVEL, 1, rng()) == {}


def test_ranks_by_hand() -> None:
    np.testing.assert_array_equal(average_ranks(np.array([[0.5, 0.9], [0.5, 0.1], [0.2, 0.1]])), [1.25, 2, 2.75])
    np.testing.assert_array_equal(average_ranks(np.ones((3, 2))), 2)


@pytest.mark.parametrize(("methods", "quantile"), [(2, 1.960), (5, 2.728), (10, 3.164)])
def test_the_critical_difference_of_demsars_table_5(methods: int, quantile: float) -> None:
    expected = quantile * np.sqrt(methods * (methods + 1) / (6 * 14))
    assert critical_difference(methods, 14) == pytest.approx(expected, rel=5e-4)
    assert critical_difference(methods, 14, level=0.1) < critical_difference(methods, 14)


def test_unusable_input_is_refused_in_a_sentence() -> None:
    ap = np.ones(4)
    with pytest.raises(BadInput, match=r"\(4,\) and \(3,\) AP are not paired; give one AP per query"):
        paired_permutation(ap, ap[:3], 9, rng())
    with pytest.raises(BadInput, match="NaN or infinite"):
        paired_permutation(ap, np.full(4, np.nan), 9, rng())
    with pytest.raises(BadInput, match="0 rounds are not enough"):
        paired_permutation(ap, ap, 0, rng())
    with pytest.raises(BadInput, match=r"58 rounds cannot reach level 0\.05 with 3 pairs; use at least 60"):
        p_against("a", dict.fromkeys("abc", ap), LEVEL, 58, rng())
    with pytest.raises(BadInput, match="from 0 to 1"):
        holm(np.array([0.1, np.nan]))
    with pytest.raises(BadInput, match="a score in every cell"):
        average_ranks(np.array([[0.1, np.nan]]))
