"""Ranking by the probability that two samples are of one class, for any method that gives class probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import softmax

from pipeline.core.splits import Array, Embeddings, Labels
from pipeline.retrieval.ranking import mean_average_precision

TEMPERATURES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""What the class scores are divided by, to choose from on clean validation labels."""


def match_embeddings(probabilities: Mapping[str, Array]) -> Embeddings:
    """Class probabilities, n x K per view -> unit rows, n x (K + views).

    Two rows of different views have the inner product p . p', the probability that both samples are of one class.
    """
    embeddings = {}
    for number, (view, p) in enumerate(probabilities.items()):
        rest = np.zeros((len(p), len(probabilities)), dtype=p.dtype)
        rest[:, number] = np.sqrt(np.maximum(1 - (p**2).sum(axis=1), 0))
        embeddings[view] = np.hstack([p, rest])
    return embeddings


def by_match_probability(scores: Mapping[str, Array], temperature: float) -> Embeddings:
    """Class scores, n x K per view, as probabilities at this temperature, embedded for ranking."""
    return match_embeddings({view: softmax(s.astype(np.float64) / temperature, axis=1) for view, s in scores.items()})


def calibrated(
    scores: Mapping[str, Array], labels: Labels, temperatures: Sequence[float] = TEMPERATURES
) -> tuple[float, float]:
    """The temperature with the highest mean MAP over all directions, the first of equal ones, and that MAP."""
    maps = []
    for temperature in temperatures:
        by_direction = mean_average_precision(by_match_probability(scores, temperature), labels)
        maps.append(sum(by_direction.values()) / len(by_direction))
    best = int(np.argmax(maps))
    return temperatures[best], maps[best]
