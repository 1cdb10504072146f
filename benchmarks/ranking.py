"""Exact MAP: our sorted ranking against the usual argsort and double loop, interleaved in one run.

    OMP_NUM_THREADS=1 python -m benchmarks.ranking --size 2173 --size 5000

The ratio is what carries over to other machines; the times do not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import click
import numpy as np
from scipy.spatial.distance import cdist

from pipeline.core.splits import Array
from pipeline.retrieval.hits import CHUNK
from pipeline.retrieval.ranking import average_precision


def plain(queries: Array, gallery: Array, query_labels: Array, gallery_labels: Array) -> Array:
    """AP per query as it is usually computed: all distances, argsort, then query by query and rank by rank."""
    order = np.argsort(cdist(queries, gallery, "cosine"), axis=1)
    scores = []
    for i in range(len(queries)):
        hits, total = 0, 0.0
        for j in range(len(gallery)):
            if query_labels[i] == gallery_labels[order[i][j]]:
                hits += 1
                total += hits / (j + 1)
        scores.append(total / hits if hits else 0.0)
    return np.array(scores)


def product(queries: Array, gallery: Array) -> None:
    """Nothing but the matrix product that any exact ranking needs."""
    for start in range(0, len(queries), CHUNK):
        queries[start : start + CHUNK] @ gallery.T


def seconds(work: Callable[..., object], *arguments: Array) -> float:
    start = time.process_time()
    work(*arguments)
    return time.process_time() - start


@click.command()
@click.option("--size", "sizes", type=int, multiple=True, default=(2173, 5000), help="Queries = gallery; repeat.")
@click.option("--dimension", default=512, show_default=True)
@click.option("--classes", default=10, show_default=True)
@click.option("--rounds", default=3, show_default=True)
def main(sizes: tuple[int, ...], dimension: int, classes: int, rounds: int) -> None:
    for size in sizes:
        rng = np.random.default_rng(0)
        of_queries, of_gallery = (rng.integers(0, classes, size) for _ in range(2))
        centres = 0.3 * rng.standard_normal((classes, dimension))
        queries, gallery = (
            (centres[labels] + rng.standard_normal((size, dimension))).astype(np.float32)
            for labels in (of_queries, of_gallery)
        )
        data = (queries, gallery, of_queries, of_gallery)
        difference = np.abs(plain(*data) - average_precision(*data)).max()
        rounds_taken = [
            (seconds(plain, *data), seconds(average_precision, *data), seconds(product, queries, gallery))
            for _ in range(rounds)
        ]
        slow, fast, matmul = (median(times) for times in zip(*rounds_taken, strict=True))
        ratio = median(theirs / ours for theirs, ours, _ in rounds_taken)
        click.echo(
            f"N = {size:6d}: {ratio:5.1f} x faster ({slow:.3f} s / {fast:.3f} s of CPU), "
            f"{fast / size**2 * 1e9:.1f} ns per key, product {matmul / fast:.0%} of it, "
            f"largest difference in AP {difference:.0e}"
        )


if __name__ == "__main__":
    main()
