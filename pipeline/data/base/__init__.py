"""What a dataset file must offer, and how it reads the labels that authors ship."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.config.project import Project
from pipeline.core import plugins
from pipeline.core.datasets import RawDataset
from pipeline.core.errors import BadInput, PipelineError
from pipeline.core.progress import Progress
from pipeline.core.splits import Array
from pipeline.samples.base.arrays import read_array


@dataclass(frozen=True)
class Served:
    """A file that is openly served: its name in the dataset's folder, its address, bytes and SHA-256 where known.

    instead: files of that folder with which it is not needed.
    """

    name: str
    url: str
    size: int | None = None
    sha256: str | None = None
    instead: tuple[str, ...] = ()


class Dataset(ABC):
    """Paired samples; constructor arguments are the block `load` of the dataset in params.yaml.

    display: name in tables; task: e.g. 'image-text'; source, licence: shown on the results page; clean: whether the
    labels are the true ones, without which no realised noise rate is known; folder: where files that are brought or
    downloaded stand; served: those that can be downloaded; reads: those that load knows, by their names below folder,
    where * stands for any part of a file's or folder's name.
    """

    display: str
    task: str
    source: str
    licence: str
    clean: bool = True
    folder: Path
    served: Sequence[Served] = ()
    reads: Sequence[str] = ()

    @abstractmethod
    def load(self, progress: Progress) -> RawDataset:
        """All samples of train, test and, where the protocol has one, valid; the same call gives the same bits."""

    def faults(self) -> Iterator[PipelineError]:
        """All that load refuses, which raises the first of them alone; nothing where nobody has written them down."""
        yield from ()

    def brought(self) -> list[Path]:
        """The files that stand where those of this dataset belong, without hidden ones."""
        return [path for path in visible(self.folder) if path.is_file()] if hasattr(self, "folder") else []

    def expected(self) -> list[Path]:
        """The files that load knows: single ones whether they are there or not, of those with a * what is there."""
        single = [self.folder / name for name in self.reads if "*" not in name]
        return single + [file for name in self.reads if "*" in name for file in self.folder.glob(name)]


def visible(root: Path) -> list[Path]:
    """What stands below a folder, sorted, without what is hidden or lies in a hidden folder; links are followed.

    Raises BadInput for a link to a folder above it, below which there is no end.
    """
    found: list[Path] = []
    for folder, folders, files in os.walk(root, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        here = Path(folder)
        for link in (here / name for name in folders if os.path.islink(here / name)):
            above = {path.resolve() for path in link.parents if path.is_relative_to(root)}
            if link.resolve() in above or root.resolve().is_relative_to(link.resolve()):
                raise BadInput("it is a link to a folder that it lies in", str(link), "remove the link")
        found += [here / name for name in (*folders, *files) if not name.startswith(".")]
    return sorted(found)


def lacking(dataset: Dataset) -> list[Served]:
    """What can be downloaded and is not there."""
    return [
        file
        for file in dataset.served
        if not any((dataset.folder / name).exists() for name in (file.name, *file.instead))
    ]


def configured(project: Project, name: str) -> Dataset:
    """The dataset that a block of params.yaml describes.

    `source` names the file of this folder that reads it, the block's own name where it is absent; `display` names it
    in tables.
    """
    described = project.dataset(name)
    kind = described.source or name
    dataset = plugins.build("pipeline.data", kind, Dataset, described.load or {}, f"datasets.{name}.load")
    dataset.display = described.display or (dataset.display if kind == name else name)
    return dataset


def read_labels(file: Path, count: int, classes: int) -> Array:
    """n class indices (int64) in a .npy file that must hold count of them, as integers or as whole floats."""
    values = read_array(file)
    if values.ndim != 1 or len(values) != count:
        shape = " x ".join(map(str, values.shape)) or "no"
        raise BadInput(
            f"it holds {shape} labels, the split has {count} samples", str(file), "use the file of this split"
        )
    wrong = ~((values >= 0) & (values < classes) & (values == np.floor(values)))
    if wrong.any():
        row = int(wrong.argmax())
        problem = f"label {values[row]} of sample {row} is none of the classes 0..{classes - 1}"
        raise BadInput(problem, str(file), "number the classes from 0 or use the file of this dataset")
    return values.astype(np.int64)
