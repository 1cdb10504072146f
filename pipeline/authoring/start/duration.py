"""About how long a first run takes: what cells cost in the benchmark, scaled, and what extractors take per sample."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import fmean, median

from pipeline.authoring.start.understood import Understood
from pipeline.config.project import Project
from pipeline.core.progress import duration
from pipeline.records.reader import Records
from pipeline.runs.costs import Costs
from pipeline.runs.plan import keys

SECONDS = {"efficientnet_lite0": 0.045, "vgg19": 0.6, "alexnet": 0.05, "doc2vec": 0.003, "lda": 0.02, "dgcnn": 0.03}
"""Of one sample on one core, in the middle of what was measured; other extractors are taken for DEFAULT."""
DEFAULT = 0.1
START, PER_CELL, PER_PAIR = 15.0, 1.5, 0.008
"""Seconds of what costs the same for any size; of evaluating a cell; of reading, judging and drawing a pair."""
EITHER_WAY = 2.0
"""A first guess is off by such a factor, up or down, on another processor or beside other work."""


def sentence(project: Project, name: str, understood: Understood, costs: Costs, records: Records, cores: int) -> str:
    """About how long the first run of a dataset takes, and how sure that is. costs, records: those of the root."""
    described = {dataset: records.description(dataset) for dataset, *_ in costs}
    sizes = {dataset: about["sizes"]["train"] for dataset, about in described.items() if about}
    cells = [
        (key.method, key.variant) for method in project.grids(name)[0].methods for key in keys(project, name, method)
    ]
    extractors = [extractor.name for extractor in project.extractors_of(name).values()]
    about = seconds(costs, sizes, cells, understood.pairs, understood.sizes["train"], extractors, cores)
    low, high = duration(about / EITHER_WAY), duration(about * EITHER_WAY)
    return f"time: about {duration(about)} on {cores} cores ({low} to {high}: they may be faster, slower or busy)"


def seconds(
    costs: Costs,
    sizes: Mapping[str, int],
    entries: Iterable[tuple[str, str]],
    pairs: int,
    train: int,
    extractors: Iterable[str],
    cores: int,
) -> float:
    """About how long a run takes from the start to its page.

    costs: a table of costs, and sizes, the training pairs of its datasets; entries: method and variant of every cell;
    pairs, train: of the dataset that is started. A method costs what it costs there by the number of training pairs;
    one that is not in the table, the median of the others.
    """
    rows = [_per_pair(costs, sizes, *entry) for entry in entries]
    known = [row for row in rows if row is not None]
    typical = median(known) if known else 0.0
    cells = [train * (typical if row is None else row) for row in rows]
    trained = max(max(cells, default=0.0), sum(cells) / cores)
    extracted = pairs * sum(SECONDS.get(name, DEFAULT) for name in extractors)
    return START + PER_CELL * len(cells) + PER_PAIR * pairs + trained + extracted


def _per_pair(costs: Costs, sizes: Mapping[str, int], method: str, variant: str) -> float | None:
    """Seconds of a cell per training pair, the mean over the datasets of the table; None where it has none."""
    shares = [
        float(row["seconds"]) / sizes[dataset]
        for (dataset, *entry), row in costs.items()
        if entry == [method, variant] and dataset in sizes
    ]
    return fmean(shares) if shares else None
