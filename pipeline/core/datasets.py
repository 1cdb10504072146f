"""Raw samples, before feature extraction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.core.splits import Array


@dataclass(frozen=True)
class RawView:
    """n samples of one view before feature extraction. kind: the file in pipeline/samples that describes them.

    samples: an array, a list of texts, or what reads them from files when they are asked for.
    """

    kind: str
    samples: Array | Sequence[Any]


@dataclass(frozen=True)
class Annotations:
    """What each of A annotators says of n samples.

    votes: n x A indices into labels (int64), -1 where one has said nothing; labels: the classes of the dataset, behind
    them those that won for no sample.
    """

    annotators: Sequence[str]
    labels: Sequence[str]
    votes: Array


@dataclass(frozen=True)
class RawDataset:
    """What a dataset file delivers: paired raw samples with clean labels, split by concept.

    split: n names out of train, valid, test; concept: n names, samples of one concept stay in one split; annotations:
    where samples have several labels, all of them.
    """

    ids: Sequence[str]
    views: Mapping[str, RawView]
    labels: Array
    split: Array
    concept: Sequence[str]
    class_names: Sequence[str]
    annotations: Annotations | None = None
