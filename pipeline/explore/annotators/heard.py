"""How good each annotator is, as labels alone, features alone and both together say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
import torch

from pipeline.core.splits import Array
from pipeline.explore.annotators.label_model import Belief, by_labels

FLOAT_FORMAT = "%.4f"


@dataclass(frozen=True)
class Heard:
    """One annotator: the number of labels and the share of right ones.

    right, low, high: as labels and features say together, with the interval of 95 %; by_labels: as the labels alone
    say, without features; by_features: the share of labels that are what the features find likeliest, None where they
    were not asked or predict no label.
    """

    annotator: str
    labels: int
    right: float
    low: float
    high: float
    by_labels: float
    by_features: float | None


def heard(names: Sequence[str], table: Array, belief: Belief, device: torch.device) -> tuple[Heard, ...]:
    """Every annotator with a label. names: A; table: n x A labels, -1 where there is none; belief: of these."""
    alone = by_labels(table, belief.posterior.shape[1], device)
    rows = []
    for number, (name, one, by_others) in enumerate(zip(names, belief.annotators, alone.annotators, strict=True)):
        seen = table[:, number] >= 0
        if not seen.any():
            continue
        by_features = None
        if belief.opinion is not None:
            by_features = float(np.mean(belief.opinion[seen].argmax(axis=1) == table[seen, number]))
        rows.append(Heard(name, one.labels, one.right, one.low, one.high, by_others.right, by_features))
    return tuple(rows)


def least_reliable_first(rows: Sequence[Heard]) -> list[Heard]:
    """The annotators by their share of right labels, of equal ones by name."""
    return sorted(rows, key=lambda row: (row.right, row.annotator))


def csv_of(rows: Sequence[Heard]) -> str:
    """A CSV with a row per annotator, the least reliable first."""
    return pd.DataFrame(list(map(asdict, least_reliable_first(rows)))).to_csv(index=False, float_format=FLOAT_FORMAT)


def sentence(rows: Sequence[Heard]) -> str:
    """Who is least and who is most reliable; empty for fewer than two annotators."""
    if len(rows) < 2:
        return ""
    worst, *_, best = least_reliable_first(rows)
    return f"Share of right labels: from {_share(worst)} to {_share(best)}."


def _share(row: Heard) -> str:
    return f"{row.right:.0%} ({row.low:.0%} to {row.high:.0%}, {row.annotator})"
