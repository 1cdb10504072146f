"""AP per query of all methods of a dataset -> what of each column of the headline table is more than chance.

A column is a noise, rate and direction. Its entries are compared in the state that all of them keep first; where they
keep different ones first, the column is left out, for AP of one state say nothing about MAP of another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from pipeline.config.project import Project
from pipeline.core.readouts import COSINE
from pipeline.core.seeds import generator
from pipeline.core.splits import Array
from pipeline.evaluation import precisions
from pipeline.evaluation.precisions import Precisions
from pipeline.evaluation.significance import bootstrap_intervals, p_against

LEVEL, FLIPS, DRAWS = 0.05, 49_999, 10_000


@dataclass(frozen=True)
class Family:
    """What stands in the columns of one table: the entries (method, variant) that are compared with each other.

    seeds: those whose AP is averaged.
    """

    noises: Sequence[str]
    rates: Sequence[float]
    seeds: Sequence[int]
    entries: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Compared:
    """AP of the entries of one column. ap: entry -> Q, mean over seeds in single precision."""

    dataset: str
    noise: str
    rate: float
    direction: str
    criterion: str
    ap: Mapping[tuple[str, str], Array]

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows of the statistics record (records/statistics.py)."""
        means = {entry: float(values.mean(dtype=np.float64)) for entry, values in self.ap.items()}
        best = max(means, key=lambda entry: means[entry])
        p, apart = self._p(best), self._apart(best)
        column = {"noise": self.noise, "rate": self.rate, "direction": self.direction, "criterion": self.criterion}
        rows = []
        for entry, mean in means.items():
            row = column | {"method": entry[0], "variant": entry[1], "map": mean}
            if entry != best:
                row |= {"p": p[entry], "tied": int(p[entry] > LEVEL), **apart[entry]}
            elif p:
                row |= {"tied": int(max(p.values()) > LEVEL)}
            rows.append(row)
        return rows

    def _p(self, best: tuple[str, str]) -> dict[tuple[str, str], float]:
        named = {"/".join(entry): values for entry, values in self.ap.items()}
        p = p_against("/".join(best), named, LEVEL, FLIPS, self._generator("permutation"))
        return {entry: p["/".join(entry)] for entry in self.ap if entry != best}

    def _apart(self, best: tuple[str, str]) -> dict[tuple[str, str], dict[str, float]]:
        """Mean of AP minus the best one's, with its interval, for all others."""
        others = [entry for entry in self.ap if entry != best]
        if not others:
            return {}
        gaps = np.stack([np.subtract(self.ap[entry], self.ap[best], dtype=np.float64) for entry in others], axis=1)
        ends = bootstrap_intervals(gaps, DRAWS, self._generator("bootstrap")).tolist()
        return {
            entry: {"difference": float(mean), "low": low, "high": high}
            for entry, mean, (low, high) in zip(others, gaps.mean(axis=0), ends, strict=True)
        }

    def _generator(self, purpose: str) -> np.random.Generator:
        return generator(0, "significance", purpose, self.dataset, self.noise, str(float(self.rate)), self.direction)


def statistics(dataset: str, families: Sequence[Family], files: Mapping[str, Path]) -> list[dict[str, Any]]:
    """Return the rows of the statistics record. files: method -> its AP, as evaluation/precisions.py writes it."""
    jobs = (delayed(column.rows)() for column in _columns(dataset, families, files))
    return [row for rows in Parallel(n_jobs=-1, prefer="threads")(jobs) for row in rows]


def _columns(dataset: str, families: Sequence[Family], files: Mapping[str, Path]) -> Iterator[Compared]:
    """Every column of entries that have AP in the same state."""
    ap: dict[tuple[Any, ...], list[Precisions]] = defaultdict(list)
    for method, file in files.items():
        for one in precisions.read(file):
            if one.readout != COSINE:
                continue
            ap[method, one.variant, one.noise, one.rate, one.direction].append(one)
    directions = list(dict.fromkeys(place[-1] for place in ap))
    for family in families:
        for noise, direction, rate in product(family.noises, directions, family.rates):
            cells = {
                entry: [one for one in ap[place] if one.seed is None or one.seed in family.seeds]
                for entry in family.entries
                for place in ((*entry, "", None, direction), (*entry, noise, rate, direction))
                if place in ap
            }
            criteria = {one.criterion for seeds in cells.values() for one in seeds}
            if len(criteria) == 1:
                means = {entry: np.mean([one.ap for one in seeds], axis=0) for entry, seeds in cells.items() if seeds}
                column = {entry: mean.astype(np.float32) for entry, mean in means.items()}
                yield Compared(dataset, noise, rate, direction, criteria.pop(), column)


def families(project: Project, dataset: str) -> list[Family]:
    """The tables of a dataset: one of its grid and one of each grid that is trained beside it.

    Variants that stand in tables of their own are in no family.
    """
    apart = project.report.apart
    return [
        Family(
            grid.noises,
            grid.rates,
            grid.seeds,
            [
                (method, variant)
                for method, variants in grid.methods.items()
                for variant in variants
                if variant not in apart.get(method, ())
            ],
        )
        for grid in project.grids(dataset)
    ]
