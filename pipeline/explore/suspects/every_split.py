"""A dataset's own labels in every split, as they are judged and shown."""

from __future__ import annotations

import numpy as np

from pipeline.core.cells import CellKey
from pipeline.core.datasets import Annotations, RawDataset
from pipeline.core.errors import BadInput
from pipeline.core.splits import Array, Split
from pipeline.explore.suspects.cross_fit import Judgement
from pipeline.explore.suspects.suspects import Suspects
from pipeline.features.base.store import Features


def pooled(features: Features, raw: RawDataset, dataset: str) -> Split:
    """The samples of all splits, in the order of the raw dataset, with the dataset's own labels.

    Raises BadInput if the features are those of other samples.
    """
    splits = features.splits
    order = np.argsort(np.concatenate([np.flatnonzero(raw.split == name) for name in splits]))
    labels = np.concatenate([next(iter(split.labels.values())) for split in splits.values()])
    if len(labels) != len(raw.labels) or len(order) != len(labels) or (labels[order] != raw.labels).any():
        raise BadInput("the raw samples are not those of the features", f"dataset '{dataset}'", "run `dvc repro`")
    views = {view: np.concatenate([split.views[view] for split in splits.values()])[order] for view in raw.views}
    return Split(views, dict.fromkeys(views, raw.labels), np.arange(len(order)), len(raw.class_names))


def of_every_split(key: CellKey, raw: RawDataset, samples: Split, judgement: Judgement) -> Suspects:
    """A judgement of a dataset's own labels, side by side with the samples. samples: as pooled returns them."""
    return Suspects(
        key,
        np.array(raw.ids, dtype=object),
        np.array(raw.class_names, dtype=object),
        raw.views,
        dict.fromkeys(samples.views, samples.index),
        samples.views,
        raw.split,
        samples.labels,
        judgement.suspicion,
        judgement.suggested,
        None,
        _votes(raw.annotations),
        judgement.label_noise,
        judgement.annotators,
    )


def _votes(said: Annotations | None) -> dict[str, Array]:
    """Annotator -> n names, '' for a gap."""
    if said is None:
        return {}
    names = np.array([*said.labels, ""])
    return dict(zip(said.annotators, names[said.votes].T, strict=True))
