"""Does an extractor that learns words know those of the texts?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pipeline.core.datasets import RawView
from pipeline.core.errors import BadInput
from pipeline.core.splits import Array
from pipeline.features.base import Extractor

MOST, NOTABLE = 0.5, 0.2
"""Shares of texts without any known word: above the first features are chance, from the second on it is told."""
REMEDY = "give longer texts or more of them, or choose another extractor (docs/own_data.md, Texts in other languages)"


def unknown_texts(extractor: Extractor, view: RawView, train: Array, place: str) -> Iterator[BadInput]:
    """One problem where a notable share of the texts has no word that the extractor learns from the training ones.

    train: n booleans. Yields nothing for an extractor that does not learn words. Raises BadInput where most training
    texts, or most of the others, have none: all of these would get features that say nothing.
    """
    if view.kind not in extractor.accepts:
        return
    known = extractor.learnable([view.samples[int(row)] for row in np.flatnonzero(train)])
    if known is None:
        return
    read = [extractor.words(text) for text in view.samples]
    without = np.array([known.isdisjoint(text) for text in read])
    parts = [(name, without[rows]) for name, rows in (("training texts", train), ("others", ~train)) if rows.any()]
    counts = " and ".join(f"{part.sum()} of {len(part)} {name}" for name, part in parts)
    words = [word for text in read for word in text]
    share = sum(word in known for word in words) / max(1, len(words))
    learned = f"it learns what training texts repeat, {share:.0%} of all words"
    problem = f"{extractor.display} knows no word of {counts} ({learned})"
    if any(part.mean() > MOST for _, part in parts):
        raise BadInput(problem, place, REMEDY)
    if without.mean() >= NOTABLE:
        yield BadInput(problem, place, REMEDY)
