"""The samples of a view that stay in the files of a user."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, overload

import numpy as np

from pipeline.core.errors import BadInput
from pipeline.core.files import sha256
from pipeline.core.progress import Progress
from pipeline.core.seeds import generator
from pipeline.core.splits import Array
from pipeline.samples.base import Kind, RngFor, Samples
from pipeline.samples.base.stored import AGAIN

SEED = 0
BLOCK = 128
"""Files that one process reads at a time: 25 MB of pictures with side 256."""


class SampleFiles(Sequence[Any]):
    """n files, each read when its sample is asked for; one that has changed since it was listed is refused.

    kind: with its settings, which give the shape of a sample; folder: where the files stand; files: n paths below it;
    hashes: the SHA-256 of each; ids: n, what is drawn from a file depends on its id alone. A number gives a sample, a
    slice or an array of rows give SampleFiles, numpy.asarray reads them all.
    """

    def __init__(
        self, kind: Kind, folder: Path, files: Sequence[str], hashes: Sequence[str], ids: Sequence[str]
    ) -> None:
        self.kind = kind
        self.folder = folder
        self.files = files
        self.hashes = hashes
        self.ids = ids

    @classmethod
    def of(cls, kind: Kind, folder: Path, paths: Sequence[Path], ids: Sequence[str], progress: Progress) -> SampleFiles:
        """List the files at n paths below folder as they are now. Raises BadInput for one that cannot be opened."""
        hashes = []
        for path in paths:
            hashes.append(_hash(path, "make it readable or remove it"))
            progress(len(hashes), len(paths))
        return cls(kind, folder, [path.relative_to(folder).as_posix() for path in paths], hashes, ids)

    @property
    def shape(self) -> tuple[int, ...]:
        """n and the shape of a sample."""
        return (len(self), *self.kind.shape)

    def __len__(self) -> int:
        return len(self.files)

    @overload
    def __getitem__(self, place: int) -> Any: ...

    @overload
    def __getitem__(self, place: slice | Array) -> SampleFiles: ...

    def __getitem__(self, place: int | slice | Array) -> Any:
        if isinstance(place, int | np.integer):
            return self._read(int(place))
        rows = range(len(self))[place] if isinstance(place, slice) else [int(row) for row in place]
        parts = ([values[row] for row in rows] for values in (self.files, self.hashes, self.ids))
        return SampleFiles(self.kind, self.folder, *parts)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.asarray(self.kind.gather(iter(self), len(self)), dtype=dtype)

    def _read(self, row: int) -> Any:
        file = self.folder / self.files[row]
        if _hash(file, AGAIN) != self.hashes[row]:
            raise BadInput("it has changed since the dataset was fetched", str(file), AGAIN)
        rng_for: RngFor = partial(_generator, self.ids[row])
        return self.kind.read(file, self.kind.shape, rng_for)


def take(samples: Samples, rows: Array) -> Samples:
    """The samples of these rows, in the form that the view has them."""
    return samples[rows] if isinstance(samples, np.ndarray | SampleFiles) else [samples[int(row)] for row in rows]


def in_memory(samples: Samples) -> Samples:
    """Samples as extractors compute with them: files are read."""
    return np.asarray(samples) if isinstance(samples, SampleFiles) else samples


def blocks(samples: Samples, step: int) -> Iterator[Samples]:
    """Parts of `step` samples in order, the last one what is left."""
    return (samples[start : start + step] for start in range(0, len(samples), step))


def _generator(name: str, word: str) -> np.random.Generator:
    return generator(SEED, "folder", word, name)


def _hash(file: Path, remedy: str) -> str:
    try:
        return sha256(file)
    except OSError as error:
        raise BadInput(f"it cannot be opened ({error.strerror})", str(file), remedy) from None
