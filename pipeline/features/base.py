"""What an extractor file must offer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar, Self

import numpy as np
import torch

from pipeline.contract import Array, RawView
from pipeline.discovery import find, names
from pipeline.errors import BadInput, BadParams

Samples = Array | Sequence[str]
Progress = Callable[[int, int], None]


class Extractor(ABC):
    """Turns the samples of one view into rows of features.

    accepts: the kinds of RawView it reads. fit sees training samples only; transform gives
    n x d float32 and treats every sample on its own, so that a sample's features depend
    neither on its neighbours nor on their order. seed: drives whatever the extractor draws.
    """

    display: ClassVar[str]
    accepts: ClassVar[frozenset[str]]

    def fit(self, samples: Samples, seed: int) -> Self:
        return self

    @abstractmethod
    def transform(self, samples: Samples, device: torch.device, progress: Progress) -> Array:
        """n samples -> n x d float32; progress(done, n) is called as it goes."""


def extract(
    extractor: Extractor, view: RawView, train: Array, seed: int, device: torch.device, progress: Progress
) -> Array:
    """Fit on the samples that train (n booleans) marks, transform all: n x d float32, every number finite."""
    where = f"extractor '{extractor.display}'"
    if view.kind not in extractor.accepts:
        raise BadParams(
            f"it reads views of kind {', '.join(sorted(extractor.accepts))}, this one is of kind '{view.kind}'",
            where,
            f"choose {_readers(view.kind)} under datasets.<name>.views in params.yaml",
        )
    rows = np.flatnonzero(train)
    samples = view.samples[rows] if isinstance(view.samples, np.ndarray) else [view.samples[int(row)] for row in rows]
    features = extractor.fit(samples, seed).transform(view.samples, device, progress)
    bad = np.flatnonzero(~np.isfinite(features).all(axis=1))
    if len(bad):
        raise BadInput(f"{len(bad)} samples have NaN or infinite features, the first is {bad[0]}", where, "drop them")
    return features


def _readers(kind: str) -> str:
    """The extractors that read views of this kind, for an error's remedy."""
    package = "pipeline.features"
    return " or ".join(name for name in names(package) if kind in find(package, name, Extractor).accepts)
