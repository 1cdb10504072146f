"""What a method says about labels: those that a finished cell was trained on, or a dataset's own in every split."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.core.cells import CellKey
from pipeline.core.corruption import Corruption
from pipeline.core.datasets import RawDataset, RawView
from pipeline.core.errors import BadInput
from pipeline.core.runs import LabelNoise
from pipeline.core.splits import Array
from pipeline.explore.annotators.heard import Heard, sentence
from pipeline.features.base.store import Features
from pipeline.noise.base import NoiseReceipt
from pipeline.runs.extras import SUGGESTED
from pipeline.runs.finished_cell import SUSPICION, FinishedCell, finished_cells


@dataclass(frozen=True)
class Suspects:
    """What a method says about n places: those of the training split, or all samples of the dataset.

    key: without noise where the dataset's own labels are judged, in every split; views: raw samples of the whole
    dataset; rows: view -> n, the raw sample that stands at each place; features: view -> n x d, of that sample;
    split: n names; given, suspicion: view -> n classes, n numbers in [0, 1]; suggested: n classes, None where the
    method suggests none; true: view -> n classes, None where they are not known; votes: annotator -> n names, ''
    for a gap; label_noise: an estimate of how many are wrong, None without one; annotators: how good each of them is.
    """

    key: CellKey
    ids: Array
    class_names: Array
    views: Mapping[str, RawView]
    rows: Mapping[str, Array]
    features: Mapping[str, Array]
    split: Array
    given: Mapping[str, Array]
    suspicion: Mapping[str, Array]
    suggested: Array | None
    true: Mapping[str, Array] | None
    votes: Mapping[str, Array]
    label_noise: LabelNoise | None
    annotators: Sequence[Heard] = ()

    @property
    def every_split(self) -> bool:
        """Whether the dataset's own labels are judged, in every split."""
        return self.key.noise is None

    @property
    def estimate(self) -> str:
        """Sentences on how many labels are wrong, and how good the annotators are; empty without an estimate."""
        return " ".join(filter(None, (estimate(self.label_noise), sentence(self.annotators))))

    @property
    def one_label(self) -> bool:
        """Whether the views of every pair share its label."""
        return _equal(self.given) and _equal(self.rows)

    @property
    def per_pair(self) -> Array:
        """n suspicions of pairs: the mean over views of one label, of several labels the highest."""
        by_view = np.array(list(self.suspicion.values()))
        joined: Array = by_view.mean(axis=0) if self.one_label else by_view.max(axis=0)
        return joined


def find_cell(runs: Path, method: str, variant: str, noise: str | None, rate: float | None, seed: int) -> FinishedCell:
    """The finished cell of a method below the runs of a dataset; noise and rate may be None where only one fits.

    Raises BadInput that names the cells there are.
    """
    able = sorted({file.parents[1].name for file in runs.glob(f"*/*/{SUSPICION}")})
    if able and not (runs / method).is_dir():
        raise BadInput(f"'{method}' has no finished cells", str(runs), f"take one of {', '.join(able)}, or train it")
    cells = finished_cells(runs / method)
    if method not in able:
        remedy = f"take one of {', '.join(able)}" if able else "train a method with class scores, such as mrl"
        raise BadInput(f"'{method}' does not tell which labels look wrong", str(runs), remedy)
    asked = {"variant": variant, "noise": noise, "rate": rate, "seed": seed}
    named = {name: value for name, value in asked.items() if value is not None}
    fitting = [cell for cell in cells if all(getattr(cell.key, name) == value for name, value in named.items())]
    noises = _listed(f"{cell.key.noise} {cell.key.rate}" for cell in fitting or cells)
    if not fitting:
        variants, seeds = _listed(cell.key.variant for cell in cells), _listed(str(cell.key.seed) for cell in cells)
        raise BadInput(
            f"there is no finished cell of {', '.join(f'{name} {value}' for name, value in named.items())}",
            str(runs / method),
            f"there are variant {variants}; noise {noises}; seed {seeds}",
        )
    if len(fitting) > 1:
        raise BadInput(f"there is more than one noise: {noises}", str(runs / method), "name one by --noise and --rate")
    cell = fitting[0]
    if not (cell.folder / SUSPICION).is_file():
        raise BadInput(f"this cell is {cell.status}: {cell.reason}", str(cell.folder), "take another one")
    return cell


def collect(
    cell: FinishedCell, raw: RawDataset, features: Features, noise: Corruption, receipt: NoiseReceipt, known: bool
) -> Suspects:
    """The suspicions of a cell, side by side with the samples and their labels.

    features: with the training split; noise: that of the cell; known: whether the dataset's labels are true. Raises
    BadInput if features, labels or samples are no longer those that the cell was trained on.
    """
    train = features.splits["train"]
    if (cell.features, cell.labels) != (features.digest, receipt.hash):
        problem = "it was trained on other features or noisy labels than those which are stored now"
        raise BadInput(problem, str(cell.folder), "run `dvc repro`")
    places = np.flatnonzero(raw.split == "train")
    clean = raw.labels[places]
    if any(not np.array_equal(clean, labels) for labels in train.labels.values()):
        problem = "the raw training samples are not those of the features"
        raise BadInput(problem, f"dataset '{cell.key.dataset}'", "run `dvc repro`")
    arrays = cell.suspicion()
    assert arrays is not None
    rows = {view: places[noise.rows.get(view, slice(None))] for view in noise.labels}
    return Suspects(
        cell.key,
        np.array(raw.ids, dtype=object),
        np.array(raw.class_names, dtype=object),
        raw.views,
        rows,
        noise.moved(train.views),
        raw.split[places],
        noise.labels,
        {view: arrays[view] for view in noise.labels},
        arrays.get(SUGGESTED),
        {view: raw.labels[standing] for view, standing in rows.items()} if known else None,
        {},
        cell.label_noise,
    )


def estimate(label_noise: LabelNoise | None) -> str:
    """One sentence on how many labels are wrong; empty where the method has no estimate."""
    if label_noise is None:
        return ""
    by_view = [f"{view} {share:.0%}" for view, share in label_noise.wrong.items()]
    shares = ", ".join(by_view) if len(set(label_noise.wrong.values())) > 1 else by_view[0].rpartition(" ")[2]
    doubt = "" if label_noise.certain else " (unsure: neither the labels nor the features settle it)"
    return f"Estimated share of wrong labels: {shares}{doubt}."


def _equal(by_view: Mapping[str, Array]) -> bool:
    first, *others = by_view.values()
    return all(np.array_equal(first, other) for other in others)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))
