"""What an extractor file must offer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
import torch
from joblib import Parallel, cpu_count, delayed

from pipeline.core.datasets import RawView
from pipeline.core.errors import BadInput, BadParams
from pipeline.core.plugins import find, names
from pipeline.core.progress import Progress, quiet
from pipeline.core.splits import Array
from pipeline.features.base.parts import Parts, key, made_by
from pipeline.features.base.state import State, Weights
from pipeline.samples.base import Samples
from pipeline.samples.base.sample_files import SampleFiles, blocks, in_memory, take

BLOCK = 128
"""Fewest samples that are worth a process of their own; what a kill may lose of each process."""
SHARED = "16M"
"""From this size on an array that was learned is written once for all processes, not sent with each block."""
EXTRACTION_SEED = 0
"""The seed of every extractor, so that features are the same whatever is trained on them."""


class Extractor(ABC):
    """Turns the samples of one view into rows of features; constructor arguments are its block in params.yaml.

    display: its name in tables; accepts: the kinds of sample it reads; batch_size: how many samples are computed
    together, 0 where all together take no time to speak of. Names of what it learns end with an underscore.
    Where samples stay in a user's files, transform is given blocks of them in memory and fit SampleFiles.
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

    def vocabulary(self) -> frozenset[str] | None:
        """The words that it knows; None where it does not read words."""
        return None


def extract(
    extractor: Extractor,
    view: RawView,
    train: Array,
    seed: int,
    device: torch.device,
    progress: Progress,
    parts: Parts | None = None,
) -> Array:
    """Fit on the samples that train (n booleans) marks, transform all: n x d float32, every number finite.

    parts: where finished blocks are kept and found again.
    """
    if view.kind not in extractor.accepts:
        raise BadParams(
            f"it reads views of kind {', '.join(sorted(extractor.accepts))}, this one is of kind '{view.kind}'",
            extractor.title,
            f"choose {_readers(view.kind)} under datasets.<name>.views in params.yaml",
        )
    fitted = extractor.fit(take(view.samples, np.flatnonzero(train)), seed)
    features = _in_blocks(fitted, view.samples, device, progress, parts)
    finite = [np.isfinite(block).all(axis=1) for block in blocks(features, BLOCK)]
    bad = np.flatnonzero(~np.concatenate([np.ones(0, dtype=bool), *finite]))
    if len(bad):
        raise BadInput(
            f"{len(bad)} samples have NaN or infinite features, the first is {bad[0]}", extractor.title, "drop them"
        )
    return features


def _in_blocks(
    extractor: Extractor, samples: Samples, device: torch.device, progress: Progress, parts: Parts | None
) -> Array:
    """What transform gives, on the CPU by processes of one thread each.

    Blocks are whole batches, so that the bits depend neither on how many processes there are nor on whether the
    samples are read from files.
    """
    together = extractor.batch_size or (BLOCK if isinstance(samples, SampleFiles) else len(samples))
    step = -(-BLOCK // together) * together
    if len(samples) <= step:
        return extractor.transform(in_memory(samples), device, progress)
    settings = {name: value for name, value in vars(extractor).items() if not name.endswith("_")}
    maker = "" if parts is None else made_by(type(extractor).__module__, settings, extractor.state(), device)
    jobs = (delayed(_block)(extractor, block, device, parts, maker) for block in blocks(samples, step))
    workers = cpu_count() if device.type == "cpu" else 1
    features = np.empty((0, 0), dtype=np.float32)
    done = 0
    results = Parallel(n_jobs=workers, return_as="generator", max_nbytes=SHARED, mmap_mode="c")(jobs)
    for block, (result, reused) in zip(blocks(samples, step), results, strict=True):
        part = result if parts is None else parts.read(result)
        if part is None:  # another process has finished and cleared the parts
            part = extractor.transform(in_memory(block), device, quiet)
        if parts is not None and reused:
            parts.reused += len(part)
        if not done:
            features = np.empty((len(samples), part.shape[1]), dtype=np.float32)
        features[done : done + len(part)] = part
        done += len(part)
        progress(done, len(samples))
    return features


def _block(
    extractor: Extractor, samples: Samples, device: torch.device, parts: Parts | None, maker: str
) -> tuple[Any, bool]:
    """The features of a block, or their name in parts, and whether they were there before.

    A name is short: a process whose parent was killed would wait for ever to hand over an array, and never end.
    """
    if device.type == "cpu":
        torch.set_num_threads(1)
    name = "" if parts is None else key(maker, samples)
    if parts is not None and parts.read(name) is not None:
        return name, True
    rows = extractor.transform(in_memory(samples), device, quiet)
    if parts is None:
        return rows, False
    parts.add(name, rows)
    return name, False


def _readers(kind: str) -> str:
    """The extractors that read views of this kind, for an error's remedy."""
    package = "pipeline.features"
    return " or ".join(name for name in names(package) if kind in find(package, name, Extractor).accepts)
