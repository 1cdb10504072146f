"""A dataset in a few lines: splits, classes and how long its texts are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pipeline.core.datasets import RawDataset
from pipeline.core.splits import SPLITS
from pipeline.samples.base import kind

SHOWN = 12
"""Classes that are listed, the largest first."""


def glance(raw: RawDataset, dataset: str) -> Iterator[str]:
    """One line of sizes, one of classes, and one for each view of texts."""
    sizes = ", ".join(f"{name} {int(np.sum(raw.split == name))}" for name in SPLITS)
    yield f"{dataset}: {len(raw.ids)} samples ({sizes}), {len(raw.class_names)} classes"
    counts = np.bincount(raw.labels, minlength=len(raw.class_names))
    order = np.argsort(-counts, kind="stable")
    listed = ", ".join(f"{raw.class_names[int(row)]} {counts[row]}" for row in order[:SHOWN])
    more = f" and {len(order) - SHOWN} more, the smallest with {counts.min()}" if len(order) > SHOWN else ""
    yield f"  classes: {listed}{more}"
    for name, view in raw.views.items():
        if kind(view.kind).typed:
            lengths = np.array([len(text) for text in view.samples])
            words = np.array([len(text.split()) for text in view.samples])
            written = f"{lengths.min()} to {lengths.max()} characters, half of them up to {np.median(lengths):.0f}"
            divided = f"{words.min()} to {words.max()} words between blanks, half up to {np.median(words):.0f}"
            yield f"  {name}: {written}; {divided}"
