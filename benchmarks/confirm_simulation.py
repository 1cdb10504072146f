"""Do the intervals of `confirm` cover, and do its tests keep their level? Simulated experiments with a known effect.

    OMP_NUM_THREADS=1 python -m benchmarks.confirm_simulation

First one rival and five estimators. "between" is the standard deviation of the seeds' true differences over the
standard error of one seed's mean over its queries (0 = seeds differ by their queries alone); queries are skewed
(chi-square with 1 degree of freedom), seeds normal or as skewed as an exponential. A test rejects where the 95 %
interval leaves out 0: its level is 1 - coverage, by direction the two columns after it; mirrored effects swap these.
Then t with several rivals: the limits of `best_limits`, and the t interval of the rival that happens to look best.
"""

from __future__ import annotations

from itertools import product

import click
import numpy as np
from scipy.special import ndtri, stdtrit

from pipeline.core.splits import Array
from pipeline.evaluation.hierarchical import best_limits, t_limits

SPREAD = 0.12
"""Standard deviation of a query's AP difference, averaged over columns."""
POOL, BLOCK = 499, 200
"""Resampled means of queries per seed that a bootstrap draws from, and experiments at a time."""
TAIL = 0.025


def normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.standard_normal(shape)


def skewed(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Exponential, with mean 0 and variance 1."""
    return np.asarray(rng.standard_exponential(shape) - 1)


def queries(rng: np.random.Generator, seed_effects: Array, count: int) -> Array:
    """AP differences (... x count) around the effects of seeds (...): skewness 2.8, kurtosis 15."""
    z = rng.standard_normal((*seed_effects.shape, count), dtype=np.float32)
    return np.asarray(seed_effects[..., None] + SPREAD * (z * z - 1) / np.sqrt(2), dtype=np.float32)


def limits(rng: np.random.Generator, values: Array, rounds: int) -> dict[str, tuple[Array, Array]]:
    """Lower and upper limits (E) by estimator of experiments x seeds x queries."""
    experiments, seeds, count = values.shape
    endpoints = values.mean(axis=-1, dtype=np.float64)
    drawn = rng.integers(0, count, (POOL, count)) + np.arange(POOL)[:, None] * count
    times = np.bincount(drawn.ravel(), minlength=POOL * count).reshape(POOL, count).astype(np.float32)
    pool = values @ (times.T / count)
    who = rng.integers(0, seeds, (experiments, rounds, seeds))
    each = np.arange(experiments)[:, None, None]
    chosen = endpoints[each, who]
    nested = pool[each, who, rng.integers(0, POOL, who.shape)]
    mean, error = endpoints.mean(axis=1), endpoints.std(axis=1, ddof=1) / np.sqrt(seeds)
    low, high = percentiles(nested.mean(axis=-1))
    widened = np.sqrt(seeds / (seeds - 1)) * stdtrit(seeds - 1, TAIL) / ndtri(TAIL)
    deviation = nested.mean(axis=-1) - mean[:, None]
    t_low, t_high = percentiles(deviation / np.maximum(nested.std(axis=-1, ddof=1) / np.sqrt(seeds), 1e-12))
    return {
        "t over seeds": t_limits(endpoints, TAIL),
        "percentile, seeds": percentiles(chosen.mean(axis=-1)),
        "percentile, nested": (low, high),
        "percentile, nested, widened": (mean + widened * (low - mean), mean + widened * (high - mean)),
        "bootstrap-t, nested": (mean - t_high * error, mean - t_low * error),
    }


def percentiles(draws: Array) -> tuple[Array, Array]:
    return np.quantile(draws, TAIL, axis=1, method="lower"), np.quantile(draws, 1 - TAIL, axis=1, method="higher")


def share(events: Array) -> str:
    p = float(np.mean(events))
    return f"{p:.3f} ({np.sqrt(p * (1 - p) / len(events)):.3f}) "


def one_rival(rng: np.random.Generator, experiments: int, seeds: int, rounds: int, effect: float) -> None:
    click.echo(f"{seeds} seeds, {experiments} experiments; Monte-Carlo standard errors in brackets")
    heads = f"{'coverage':14}{'low > truth':14}{'high < truth':14}{f'power at {effect}':14}"
    click.echo(f"queries   seeds between  {'estimator':29}{heads}width / t's")
    for count, shape, ratio in product((360, 1000), (normal, skewed), (0.0, 1.0, 2.0, 3.0)):
        if shape is skewed and not ratio:
            continue
        parts: dict[str, list[Array]] = {}
        for start in range(0, experiments, BLOCK):
            truths = ratio * SPREAD / np.sqrt(count) * shape(rng, (min(BLOCK, experiments - start), seeds))
            for name, pair in limits(rng, queries(rng, truths, count), rounds).items():
                parts.setdefault(name, []).append(np.stack(pair))
        ends = {name: np.concatenate(blocks, axis=1) for name, blocks in parts.items()}
        plain = np.ptp(ends["t over seeds"], axis=0).mean()
        for name, (low, high) in ends.items():
            events = ((low <= 0) & (high >= 0), low > 0, high < 0, (low + effect > 0) | (high + effect < 0))
            width = f"{(high - low).mean() / plain:.2f}"
            click.echo(f"{count:7} {shape.__name__:>7} {ratio:7}  {name:29}{''.join(map(share, events))}{width}")


def several_rivals(rng: np.random.Generator, experiments: int, seeds: int, effect: float) -> None:
    click.echo(
        f"\nseed-wise sd .01; the method is level with the best rival, or {effect} above; all others are gap below"
    )
    heads = f"{'claim at 0':14}{f'at {effect}':14}{'coverage':14}{'low > truth':14}{'high < truth':14}"
    click.echo(f"rivals   gap  {heads}nearest's t")
    for rivals, gap in ((1, 0.0), (3, 0.0), (8, 0.0), (8, 0.01), (8, 0.03)):
        lead = np.where(np.arange(rivals) == 0, 0.0, gap)[:, None, None]
        noise = rng.standard_normal((rivals + 1, experiments, seeds)) * 0.01 / np.sqrt(2)
        endpoints = lead + noise[0] - noise[1:]
        low, high, p = best_limits(endpoints)
        better = best_limits(endpoints + effect)[2]
        nearest = endpoints.mean(axis=-1).argmin(axis=0)[None]
        own = [np.take_along_axis(ends, nearest, axis=0)[0] for ends in t_limits(endpoints, TAIL)]
        covers = [(one <= 0) & (other >= 0) for one, other in ((low, high), own)]
        events = (p <= 0.05, better <= 0.05, covers[0], low > 0, high < 0, covers[1])
        click.echo(f"{rivals:6} {gap:5}  {''.join(map(share, events)).rstrip()}")


@click.command(help=__doc__)
@click.option("--experiments", default=2000)
@click.option("--seeds", default=10)
@click.option("--rounds", default=499)
@click.option("--effect", default=0.01)
@click.option("--seed", default=0)
def main(experiments: int, seeds: int, rounds: int, effect: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    one_rival(rng, experiments, seeds, rounds, effect)
    several_rivals(rng, 10 * experiments, seeds, effect)


if __name__ == "__main__":
    main()
