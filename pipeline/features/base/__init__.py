"""What an extractor file must offer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Self

import numpy as np
import torch
from joblib import Parallel, cpu_count, delayed

from pipeline.core.datasets import RawView
from pipeline.core.errors import BadInput, BadParams
from pipeline.core.plugins import find, names
from pipeline.core.progress import Progress, quiet
from pipeline.core.splits import Array
from pipeline.features.base.state import State, Weights
from pipeline.samples.base import Samples

BLOCK = 128
"""Fewest samples that are worth a process of their own."""
EXTRACTION_SEED = 0
"""The seed of every extractor, so that features are the same whatever is trained on them."""


class Extractor(ABC):
    """Turns the samples of one view into rows of features; constructor arguments are its block in params.yaml.

    display: its name in tables; accepts: the kinds of sample it reads; batch_size: how many samples are computed
    together, 0 where all together take no time to speak of. Names of what it learns end with an underscore.
    """

    display: ClassVar[str]
    accepts: ClassVar[frozenset[str]]
    batch_size: int = 0

    @property
    def title(self) -> str:
        """Its name in error messages."""
        return f"extractor '{self.display}'"

    def fit(self, samples: Samples, seed: int) -> Self:
        """Learn from the training samples. seed: drives whatever is drawn."""
        return self

    @abstractmethod
    def transform(self, samples: Samples, device: torch.device, progress: Progress) -> Array:
        """n samples -> n x d float32; progress(done, n) is called as it goes.

        Every sample is treated on its own: its features depend neither on its neighbours nor on their order.
        """

    def state(self) -> State:
        """All that fit has learned. Whatever learns has a state and a restore of its own.

        Raises BadInput if it has not.
        """
        if learned := ", ".join(sorted(name for name in vars(self) if name.endswith("_"))):
            problem = f"it has no state to store what it has learned ({learned})"
            raise BadInput(problem, self.title, f"write state() and restore() in {type(self).__module__}")
        return State(weights=self.shipped())

    def restore(self, stored: State) -> Self:
        """Take back what the state of a fitted extractor with the same settings holds.

        Raises BadInput for damaged parts, and for other shipped weights than those that the state refers to.
        """
        shipped = self.shipped()
        if shipped is not None and stored.weights is not None:
            shipped.check(stored.weights, self.title)
        return self

    def shipped(self) -> Weights | None:
        """The weights that others ship and that transform reads; None without such a file."""
        return None

    def words(self, text: str) -> list[str]:
        """The words that it reads in a text, whether it knows them or not."""
        return []

    def learnable(self, texts: Samples) -> frozenset[str] | None:
        """The words that it would know from these training texts; None where it does not learn words."""
        return None

    def vocabulary(self) -> frozenset[str] | None:
        """The words that it knows; None where it does not learn words."""
        return None


def extract(
    extractor: Extractor, view: RawView, train: Array, seed: int, device: torch.device, progress: Progress
) -> Array:
    """Fit on the samples that train (n booleans) marks, transform all: n x d float32, every number finite."""
    if view.kind not in extractor.accepts:
        raise BadParams(
            f"it reads views of kind {', '.join(sorted(extractor.accepts))}, this one is of kind '{view.kind}'",
            extractor.title,
            f"choose {_readers(view.kind)} under datasets.<name>.views in params.yaml",
        )
    rows = np.flatnonzero(train)
    samples = view.samples[rows] if isinstance(view.samples, np.ndarray) else [view.samples[int(row)] for row in rows]
    features = _in_blocks(extractor.fit(samples, seed), view.samples, device, progress)
    bad = np.flatnonzero(~np.isfinite(features).all(axis=1))
    if len(bad):
        raise BadInput(
            f"{len(bad)} samples have NaN or infinite features, the first is {bad[0]}", extractor.title, "drop them"
        )
    return features


def _in_blocks(extractor: Extractor, samples: Samples, device: torch.device, progress: Progress) -> Array:
    """What transform gives, on the CPU by processes of one thread each.

    Blocks are whole batches, so that the bits do not depend on how many processes there are.
    """
    together = extractor.batch_size or len(samples)
    step = -(-BLOCK // together) * together
    if device.type != "cpu" or len(samples) <= step:
        return extractor.transform(samples, device, progress)
    jobs = (delayed(_alone)(extractor, samples[start : start + step], device) for start in range(0, len(samples), step))
    parts: list[Array] = []
    for part in Parallel(n_jobs=cpu_count(), return_as="generator", max_nbytes=None)(jobs):
        parts.append(part)
        progress(sum(map(len, parts)), len(samples))
    return np.concatenate(parts)


def _alone(extractor: Extractor, samples: Samples, device: torch.device) -> Array:
    torch.set_num_threads(1)
    return extractor.transform(samples, device, quiet)


def _readers(kind: str) -> str:
    """The extractors that read views of this kind, for an error's remedy."""
    package = "pipeline.features"
    return " or ".join(name for name in names(package) if kind in find(package, name, Extractor).accepts)
