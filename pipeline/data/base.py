"""What a dataset file must offer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

from pipeline.contract import RawDataset

Progress = Callable[[int, int], None]


class Dataset(ABC):
    """Paired samples with clean labels; constructor arguments are the dataset's block in params.yaml.

    display: name in tables; task: e.g. 'image-text'; source, licence: shown on the results page.
    """

    display: ClassVar[str]
    task: ClassVar[str]
    source: ClassVar[str]
    licence: ClassVar[str]

    @abstractmethod
    def load(self, progress: Progress) -> RawDataset:
        """All samples of the three splits; the same call gives the same samples, bit for bit."""
