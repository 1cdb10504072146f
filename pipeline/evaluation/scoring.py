"""Test embeddings of finished cells -> the records that the report is made from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core.cells import CellKey
from pipeline.core.criteria import NOISY_VALIDATION
from pipeline.core.readouts import BITS, COSINE, MATCH
from pipeline.core.runs import LabelNoise
from pipeline.core.splits import Array, Labels
from pipeline.evaluation.precisions import Precisions
from pipeline.metrics.base import HEADLINE, Metric, Scores, measure
from pipeline.records.cells import FACTS, match_column, score_column
from pipeline.records.curves import curve_row
from pipeline.records.epochs import epoch_rows
from pipeline.records.sign_bits import sign_row
from pipeline.retrieval.detection import detection
from pipeline.retrieval.ranking import average_precision, directions
from pipeline.retrieval.sign_bits import mean_hamming_precision
from pipeline.runs.extras import TEMPERATURE
from pipeline.runs.finished_cell import FinishedCell, finished_cells

Rows = list[dict[str, Any]]
Wrong = Callable[[CellKey], Mapping[str, Array]]
"""View -> n booleans: the training labels of a cell that are wrong."""


@dataclass(frozen=True)
class Detail:
    """Of which cells more is recorded than what they score.

    apart: method -> variants that no figure compares with others, of which neither curves nor suspicion are recorded;
    noises: of those whose sign bits are, too; seed: of those among them whose epochs are.
    """

    apart: Mapping[str, Sequence[str]]
    seed: int
    noises: Sequence[str]

    def compared(self, key: CellKey) -> bool:
        return key.variant not in self.apart.get(key.method, ())

    def sign_bits(self, key: CellKey) -> bool:
        return self.compared(key) and (key.noise is None or key.noise in self.noises)

    def epochs(self, key: CellKey) -> bool:
        return self.sign_bits(key) and key.seed == self.seed


@dataclass
class MethodRows:
    """One method's rows of the records of these names, and AP of every query of every cell.

    Curves, sign bits, suspicion, match probability and AP are those of the first state that a cell keeps.
    """

    cells: Rows = field(default_factory=list)
    epochs: Rows = field(default_factory=list)
    curves: Rows = field(default_factory=list)
    sign_bits: Rows = field(default_factory=list)
    suspicion: Rows = field(default_factory=list)
    precisions: list[Precisions] = field(default_factory=list)


def score(runs: Path, labels: Labels, wrong: Wrong | None, metrics: Mapping[str, Metric], detail: Detail) -> MethodRows:
    """Rank the test split in every direction for every cell of one method.

    runs: folder of its finished cells; labels: clean test labels per view; wrong: None where the true training labels
    are not known; detail: of which cells more is recorded than what they score.
    """
    rows = MethodRows()
    curves: dict[tuple[Any, ...], list[Array]] = defaultdict(list)
    signs: dict[tuple[Any, ...], dict[int | None, dict[int, dict[str, float]]]] = defaultdict(dict)
    for cell in finished_cells(runs):
        key = cell.key
        setting = {name: getattr(key, name) for name in ("method", "variant", "noise", "rate")}
        seeded = setting | {"seed": key.seed}
        if detail.epochs(key):
            rows.epochs += epoch_rows(setting, cell.history)
        if wrong is not None and detail.compared(key):
            rows.suspicion += [seeded | row for row in _detected(cell, wrong)]
        arrays = cell.readout()
        read = _match_precisions(arrays, labels)
        rows.precisions += [Precisions.of(key, cell.states[0], MATCH, way, ap) for way, ap in read.items()]
        by_state = {criterion: _measured(cell, criterion, labels, metrics) for criterion in cell.states}
        row = seeded | {name: getattr(cell, name) for name in FACTS}
        for criterion, by_direction in by_state.items():
            row |= _means(criterion, by_direction)
        if arrays is not None:
            row |= {"temperature": float(arrays[TEMPERATURE])}
            row |= {match_column(way): float(ap.mean()) for way, ap in read.items()}
        rows.cells.append(row)
        if cell.states and detail.sign_bits(key):
            embeddings = cell.embeddings(cell.states[0])
            signs[tuple(setting.items())][key.seed] = {
                bits: mean_hamming_precision(embeddings, labels, bits) for bits in BITS
            }
        for direction, scores in next(iter(by_state.values()), {}).items():
            if detail.compared(key):
                curves[*setting.values(), direction].append(scores.precision)
            ap = scores.values[HEADLINE]
            rows.precisions.append(Precisions.of(key, cell.states[0], COSINE, direction, ap))
    for (method, variant, noise, rate, direction), seeds in curves.items():
        setting = {"method": method, "variant": variant, "noise": noise, "rate": rate}
        rows.curves.append(curve_row(setting, direction, np.mean(seeds, axis=0)))
    rows.sign_bits += [sign_row(dict(setting), by_seed) for setting, by_seed in signs.items()]
    return rows


def _measured(cell: FinishedCell, criterion: str, labels: Labels, metrics: Mapping[str, Metric]) -> dict[str, Scores]:
    """Direction -> scores in the state of a criterion."""
    embeddings = cell.embeddings(criterion)
    return {
        f"{query}->{gallery}": measure(metrics, embeddings[query], embeddings[gallery], labels[query], labels[gallery])
        for query, gallery in directions(embeddings)
    }


def _means(criterion: str, by_direction: Mapping[str, Scores]) -> dict[str, float]:
    """Score column -> mean over queries, metric by metric; MAP alone of what noisy validation labels chose."""
    metrics = (HEADLINE,) if criterion == NOISY_VALIDATION else next(iter(by_direction.values())).values
    return {
        score_column(criterion, metric, direction): float(scores.values[metric].mean())
        for metric in metrics
        for direction, scores in by_direction.items()
    }


def _detected(cell: FinishedCell, wrong: Wrong) -> Iterator[dict[str, Any]]:
    """A row per view in which some training labels are wrong and some right."""
    suspicion = cell.suspicion()
    if suspicion is None:
        return
    for view, truth in wrong(cell.key).items():
        if (scores := detection(suspicion[view], truth)) is not None:
            yield {"view": view, **scores, "wrong": truth.mean(), **_estimate(cell.label_noise, view)}


def _estimate(noise: LabelNoise | None, view: str) -> dict[str, Any]:
    return {} if noise is None else {"estimate": noise.wrong[view], "certain": int(noise.certain)}


def _match_precisions(arrays: Mapping[str, Array] | None, labels: Labels) -> dict[str, Array]:
    """Direction -> AP of every query by match probability; empty for a cell without class scores."""
    if arrays is None:
        return {}
    return {
        f"{query}->{gallery}": average_precision(arrays[query], arrays[gallery], labels[query], labels[gallery])
        for query, gallery in directions(labels)
    }
