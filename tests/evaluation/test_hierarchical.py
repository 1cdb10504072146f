"""The statistics of `confirm` against loops written by hand, enumerations, scipy, and one small simulation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from scipy import stats

from pipeline.core.errors import BadInput
from pipeline.core.splits import Array
from pipeline.evaluation.hierarchical import (
    Comparison,
    against_best,
    best_limits,
    corrected,
    nested_draws,
    nested_interval,
    p_above,
    paired_differences,
    seed_endpoints,
    t_limits,
)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def drawn(seed: int, gain: float = 0.0, sizes: tuple[int, ...] = (5, 7, 6, 5)) -> list[Array]:
    """AP per seed (Q_s x 4) of a method."""
    draw = rng(seed)
    return [draw.beta(2, 2, (size, 4)) + gain for size in sizes]


def slow_endpoint(seed: Array) -> float:
    """Mean over columns of column means, number by number."""
    columns = []
    for column in range(len(seed[0])):
        total = 0.0
        for query in range(len(seed)):
            total += float(seed[query][column])
        columns.append(total / len(seed))
    return sum(columns) / len(columns)


def test_endpoints_agree_with_a_loop() -> None:
    differences = paired_differences(drawn(0), drawn(1))
    expected = [slow_endpoint(a) - slow_endpoint(b) for a, b in zip(drawn(0), drawn(1), strict=True)]
    assert seed_endpoints(differences) == pytest.approx(expected)


def test_permuting_queries_within_a_seed_changes_nothing() -> None:
    differences = paired_differences(drawn(0), drawn(1))
    permuted = [rng(seed).permutation(one) for seed, one in enumerate(differences)]
    assert seed_endpoints(permuted) == pytest.approx(seed_endpoints(differences), abs=1e-15)


def test_one_rival_is_a_paired_t_test() -> None:
    one = against_best(drawn(0, gain=0.2), {"rival": drawn(1)})
    theirs = stats.ttest_rel([slow_endpoint(s) for s in drawn(0, gain=0.2)], [slow_endpoint(s) for s in drawn(1)])
    interval = theirs.confidence_interval()
    assert (one.low, one.high, one.p) == pytest.approx((interval.low, interval.high, theirs.pvalue))
    assert (one.seeds, one.rival) == (4, "rival")


def test_numbers_worked_out_by_hand() -> None:
    # endpoints .1 and .3: mean .2, standard error .1, t = 2 with 1 degree of freedom, which is a Cauchy variable
    one = against_best([np.full((3, 2), 0.6), np.full((4, 2), 0.8)], {"flat": [np.full((q, 2), 0.5) for q in (3, 4)]})
    reach = 0.1 * np.tan(np.pi * 0.475)
    expected = (0.2, 0.2 - reach, 0.2 + reach, 2 * (0.5 - np.arctan(2) / np.pi))
    assert (one.difference, one.low, one.high, one.p) == pytest.approx(expected)


def test_identical_methods_do_not_differ() -> None:
    assert against_best(drawn(0), {"twin": drawn(0)}) == Comparison(0.0, 0.0, 0.0, 1.0, 4, "twin")
    assert nested_interval(paired_differences(drawn(0), drawn(0)), 9, rng(), 0.025) == (0.0, 0.0)


def test_the_best_rival_is_named_and_the_largest_p_counts() -> None:
    method = drawn(0, gain=0.2)
    rivals = {"weak": drawn(1, gain=-0.3), "best": drawn(2, gain=0.1), "other": drawn(3)}
    alone = {name: against_best(method, {name: ap}) for name, ap in rivals.items()}
    together = against_best(method, rivals)
    assert together.rival == "best"
    assert together.difference == alone["best"].difference
    assert together.p == max(one.p for one in alone.values())
    assert together.low == min(one.low for one in alone.values())
    ends = [seed_endpoints(paired_differences(method, ap)) for ap in rivals.values()]
    highs = [stats.t.interval(1 - 0.05 / 3, 3, np.mean(e), stats.sem(e))[1] for e in ends]
    assert together.high == pytest.approx(min(highs))


def test_an_erratic_rival_that_is_not_the_best_can_decide_the_claim() -> None:
    steady, erratic = np.array([0.010, 0.011, 0.009, 0.010]), np.array([0.15, -0.1, 0.2, -0.05])
    low, _, p = best_limits(np.stack([steady, erratic]))
    assert steady.mean() < erratic.mean()
    assert p == pytest.approx(2 * p_above(erratic))
    assert 2 * p_above(steady) < 0.05 < p
    assert low < 0


def test_a_method_far_below_a_rival_is_not_significantly_above_it() -> None:
    one = against_best(drawn(0, gain=-0.5), {"above": drawn(1)})
    assert one.p == 1
    assert one.high < 0


@pytest.mark.parametrize("seed", range(20))
def test_p_is_below_the_level_exactly_if_the_interval_is_above_zero(seed: int) -> None:
    low, high, p = best_limits(rng(seed).normal(0.7, 1, (3, 6)))
    assert (p < 0.05) == (low > 0)
    assert low < high


def test_without_spread_the_sign_decides() -> None:
    assert p_above(np.array([[0.25] * 3, [-0.25] * 3, [0.0] * 3])).tolist() == [0, 1, 0.5]


def test_holm_over_the_endpoints_keeps_their_names() -> None:
    one = against_best(drawn(0), {"rival": drawn(1)})
    keys = [("emoji", "symmetric"), ("emoji", "pairs"), ("mnist3d", "symmetric")]
    p = [0.03, 0.01, 0.04]
    adjusted = corrected({key: replace(one, p=value) for key, value in zip(keys, p, strict=True)})
    assert list(adjusted) == keys
    assert list(adjusted.values()) == pytest.approx([0.06, 0.03, 0.06])


def test_a_comparison_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        against_best(drawn(0), {"rival": drawn(1)}).p = 0.0  # type: ignore[misc]


def enumerated(seeds: list[list[int]]) -> dict[Fraction, float]:
    """The probability of each bootstrap mean of seeds with one column: all draws of seeds, all draws of queries."""
    chances: Counter[Fraction] = Counter()
    for chosen in product(seeds, repeat=len(seeds)):
        ways = list(product(*(product(seed, repeat=len(seed)) for seed in chosen)))
        for queries in ways:
            mean = sum((Fraction(sum(q), len(q)) for q in queries), Fraction(0)) / len(seeds)
            chances[mean] += Fraction(1, len(ways) * len(seeds) ** len(seeds))  # type: ignore[assignment]
    return {mean: float(chance) for mean, chance in chances.items()}


def test_draws_agree_with_the_enumeration() -> None:
    seeds, rounds = [[0, 4], [1, 2, 9]], 20_000
    means = nested_draws([np.array(seed)[:, None] for seed in seeds], rounds, rng()).mean(axis=1)
    for mean, chance in enumerated(seeds).items():
        error = np.sqrt(chance * (1 - chance) / rounds)
        assert abs(np.isclose(means, float(mean)).mean() - chance) < 4.5 * error


def test_a_query_is_drawn_with_all_its_columns() -> None:
    opposite = [np.array([[1.0, -1.0], [5.0, -5.0], [-2.0, 2.0]])] * 3
    assert not nested_draws(opposite, 50, rng()).any()


def test_the_nested_interval_agrees_with_a_loop() -> None:
    differences = paired_differences(drawn(0, gain=0.1), drawn(1))
    ends, t = seed_endpoints(differences), []
    for draw in nested_draws(differences, 39, rng()):
        t.append((np.mean(draw) - ends.mean()) / stats.sem(draw))
    t.sort()
    expected = ends.mean() - t[38] * stats.sem(ends), ends.mean() - t[0] * stats.sem(ends)
    assert nested_interval(differences, 39, rng(), 0.025) == pytest.approx(expected)


def test_the_generator_decides_the_draws() -> None:
    differences = paired_differences(drawn(0), drawn(1))
    first = nested_draws(differences, 50, rng(3))
    assert np.array_equal(first, nested_draws(differences, 50, rng(3)))
    assert not np.array_equal(first, nested_draws(differences, 50, rng(4)))


def test_rounds_without_spread_give_an_infinite_limit() -> None:
    low, high = nested_interval([np.full((2, 1), 0.1), np.full((2, 1), 0.2)], 99, rng(), 0.025)
    assert (low, high) == (-np.inf, np.inf)


def with_nan() -> list[Array]:
    ap = drawn(0)
    ap[1][2, 3] = np.nan
    return ap


@pytest.mark.parametrize(
    ("fails", "sentence"),
    [
        (lambda: against_best(drawn(0), {}), "there is no rival"),
        (lambda: against_best(drawn(0)[:1], {"a": drawn(1)[:1]}), "1 seeds have no spread"),
        (lambda: against_best([], {"a": []}), "0 seeds have no spread"),
        (lambda: against_best(drawn(0), {"a": drawn(1)[:3]}), r"shapes \(5, 4\) and None in seed 3 are not paired"),
        (lambda: against_best(drawn(0), {"a": [ap[:5] for ap in drawn(1)]}), r"shapes \(7, 4\) and \(5, 4\) in seed 1"),
        (lambda: against_best(with_nan(), {"a": drawn(1)}), "some AP are NaN"),
        (lambda: against_best(drawn(0), {"a": drawn(1), "b": with_nan()}), "some AP are NaN"),
        (lambda: seed_endpoints([np.ones((3, 2)), np.ones((3, 4))]), "have the shapes"),
        (lambda: seed_endpoints([np.ones((3, 2)), np.ones((0, 2))]), "have the shapes"),
        (lambda: seed_endpoints([np.ones(3), np.ones(3)]), "have the shapes"),
        (lambda: nested_draws(drawn(0), 0, rng()), "0 rounds are not enough"),
    ],
)
def test_errors_are_one_sentence(fails: Callable[[], object], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence) as error:
        fails()
    assert str(error.value).startswith("confirm: ")
    assert str(error.value).count(". ") == 0


def simulated(experiments: int, ratio: float, seeds: int = 10, count: int = 60) -> Array:
    """Skewed differences (experiments x seeds x count) with mean 0; ratio: sd between seeds / error over queries."""
    draw = rng(12)
    between = ratio / np.sqrt(count) * draw.standard_normal((experiments, seeds, 1))
    return np.asarray(between + (draw.chisquare(1, (experiments, seeds, count)) - 1) / np.sqrt(2))


@pytest.mark.parametrize("ratio", [1.0, 3.0])
def test_intervals_cover_as_often_as_they_say(ratio: float) -> None:
    experiments = 300
    values = simulated(experiments, ratio)
    low, high = t_limits(values.mean(axis=-1), 0.025)
    draw = rng(5)
    nested = np.array([nested_interval(list(one[..., None]), 199, draw, 0.025) for one in values])
    within = 3 * np.sqrt(0.95 * 0.05 / experiments)
    assert abs(((low <= 0) & (high >= 0)).mean() - 0.95) < within
    assert abs(((nested[:, 0] <= 0) & (nested[:, 1] >= 0)).mean() - 0.95) < within


def test_the_claim_keeps_its_level_and_the_interval_covers_with_equal_rivals() -> None:
    experiments = 2000
    noise = rng(7).standard_normal((6, experiments, 10))
    low, high, p = best_limits(noise[0] - noise[1:])
    assert (p <= 0.05).mean() <= 0.025
    assert ((low <= 0) & (high >= 0)).mean() >= 0.95
    one = best_limits(noise[:1] - noise[1:2])[2]
    assert abs((one <= 0.05).mean() - 0.025) < 3 * np.sqrt(0.025 * 0.975 / experiments)
