"""Raw samples, before feature extraction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.core.splits import Array


@dataclass(frozen=True)
class RawView:
    """Samples of one view before feature extraction.

    kind 'image': uint8 array n x h x w (x 3); 'text': n strings; 'cloud': float32 array n x points x 3;
    'features': float32 array n x d, for data that authors ship as features without the raw samples.
    """

    kind: str
    samples: Array | Sequence[str]


@dataclass(frozen=True)
class RawDataset:
    """What a dataset file delivers: paired raw samples with clean labels, split by concept.

    split: n names out of train, valid, test; concept: n names, samples of one concept stay in one split.
    """

    ids: Sequence[str]
    views: Mapping[str, RawView]
    labels: Array
    split: Array
    concept: Sequence[str]
    class_names: Sequence[str]
