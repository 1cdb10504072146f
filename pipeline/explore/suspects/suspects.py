"""The training labels that a trained method finds most suspicious, as a table and as a sheet for a person to check."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from markupsafe import Markup

from pipeline.core.cells import CellKey
from pipeline.core.corruption import Corruption
from pipeline.core.datasets import RawDataset, RawView
from pipeline.core.errors import BadInput
from pipeline.core.files import whole
from pipeline.core.runs import LabelNoise
from pipeline.core.splits import Array
from pipeline.evaluation.scoring import FLOAT_FORMAT
from pipeline.explore.sheet import render
from pipeline.features.base.store import Features
from pipeline.noise.base import NoiseReceipt
from pipeline.reporting.results.report_scope import noise_words
from pipeline.runs.extras import SUGGESTED
from pipeline.runs.finished_cell import SUSPICION, finished_cells
from pipeline.samples.base import thumbnail

SHOWN = 300
"""At most so many samples stand on a sheet."""


@dataclass(frozen=True)
class Cell:
    """A finished cell that tells which labels look wrong. features, labels: hashes of what it was made with;
    label_noise: how many the method thinks are wrong, None where it has no estimate."""

    key: CellKey
    folder: Path
    features: str
    labels: str | None
    label_noise: LabelNoise | None

    @property
    def estimate(self) -> str:
        """One sentence on how many labels are wrong; empty where the method has no estimate."""
        if self.label_noise is None:
            return ""
        shares = ", ".join(f"{view} {share:.0%}" for view, share in self.label_noise.wrong.items())
        doubt = "" if self.label_noise.certain else " (unsure: neither the labels nor the features settle it)"
        return f"Estimated share of wrong labels: {shares}{doubt}."


@dataclass(frozen=True)
class Suspects:
    """What a cell says about the n places of the training split.

    views: raw samples of the whole dataset; rows: view -> n, the raw sample that stands at each place; given,
    suspicion: view -> n classes, n numbers in [0, 1]; suggested: n classes, None where the method suggests none;
    true: view -> n classes, None where they are not known; labels: hash of the given labels; estimate: a sentence on
    how many are wrong, or nothing.
    """

    key: CellKey
    ids: Array
    class_names: Array
    views: Mapping[str, RawView]
    rows: Mapping[str, Array]
    given: Mapping[str, Array]
    suspicion: Mapping[str, Array]
    suggested: Array | None
    true: Mapping[str, Array] | None
    labels: str
    estimate: str


@dataclass(frozen=True)
class Label:
    """One label on the sheet: the sample that carries it and what is said about it."""

    view: str
    sample: str
    picture: Markup
    given: str
    suspicion: float
    true: str | None


@dataclass(frozen=True)
class Card:
    """One place of the training split on the sheet."""

    index: int
    labels: Sequence[Label]
    suggested: str | None

    @property
    def suspicion(self) -> float:
        return max(label.suspicion for label in self.labels)

    @property
    def choices(self) -> list[str]:
        """The classes that lie at hand as the right one: those given, then the suggested one."""
        named = [*(label.given for label in self.labels), self.suggested]
        return list(dict.fromkeys(name for name in named if name is not None))


def find_cell(runs: Path, method: str, variant: str, noise: str | None, rate: float | None, seed: int) -> Cell:
    """The finished cell of a method below the runs of a dataset; noise and rate may be None where only one fits."""
    found = [(cell.key, cell, cell.folder) for cell in finished_cells(runs / method)]
    if not any((folder / SUSPICION).is_file() for _, _, folder in found):
        able = sorted({file.parents[1].name for file in runs.glob(f"*/*/{SUSPICION}")})
        remedy = f"take one of {', '.join(able)}" if able else "train a method with class scores, such as mrl"
        raise BadInput(f"'{method}' does not tell which labels look wrong", str(runs), remedy)
    asked = {"variant": variant, "noise": noise, "rate": rate, "seed": seed}
    named = {name: value for name, value in asked.items() if value is not None}
    fitting = [each for each in found if all(getattr(each[0], name) == value for name, value in named.items())]
    noises = _listed(f"{key.noise} {key.rate}" for key, _, _ in fitting or found)
    if not fitting:
        variants, seeds = _listed(key.variant for key, _, _ in found), _listed(str(key.seed) for key, _, _ in found)
        raise BadInput(
            f"there is no finished cell of {', '.join(f'{name} {value}' for name, value in named.items())}",
            str(runs / method),
            f"there are variant {variants}; noise {noises}; seed {seeds}",
        )
    if len(fitting) > 1:
        raise BadInput(f"there is more than one noise: {noises}", str(runs / method), "name one by --noise and --rate")
    key, result, folder = fitting[0]
    if not (folder / SUSPICION).is_file():
        raise BadInput(f"this cell is {result.status}: {result.reason}", str(folder), "take another one")
    return Cell(key, folder, result.features, result.labels, result.label_noise)


def collect(
    cell: Cell, raw: RawDataset, features: Features, noise: Corruption, receipt: NoiseReceipt, known: bool
) -> Suspects:
    """features: with the training split; noise: that of the cell; known: whether the dataset's labels are true."""
    train = features.splits["train"]
    if (cell.features, cell.labels) != (features.digest, receipt.hash):
        what = "it was trained on other features or noisy labels than those which are stored now"
        raise BadInput(what, str(cell.folder), "run `dvc repro`")
    places = np.flatnonzero(raw.split == "train")
    clean = raw.labels[places]
    if any(not np.array_equal(clean, labels) for labels in train.labels.values()):
        what = "the raw training samples are not those of the features"
        raise BadInput(what, f"dataset '{cell.key.dataset}'", "run `dvc repro`")
    with np.load(cell.folder / SUSPICION, allow_pickle=False) as stored:
        told = {name: stored[name] for name in stored}
    rows = {view: places[noise.rows.get(view, slice(None))] for view in noise.labels}
    return Suspects(
        cell.key,
        np.array(raw.ids, dtype=object),
        np.array(raw.class_names, dtype=object),
        raw.views,
        rows,
        noise.labels,
        {view: told[view] for view in noise.labels},
        told.get(SUGGESTED),
        {view: raw.labels[standing] for view, standing in rows.items()} if known else None,
        receipt.hash,
        cell.estimate,
    )


def table(suspects: Suspects) -> pd.DataFrame:
    """A row per training sample and view, the most suspicious label first; index: place in the training split."""
    names, suggested = suspects.class_names, suspects.suggested
    frames = [
        pd.DataFrame(
            {"sample": suspects.ids[suspects.rows[view]], "index": np.arange(len(given)), "view": view}
            | {"given": names[given], "suggested": "" if suggested is None else names[suggested]}
            | {"suspicion": suspects.suspicion[view]}
        )
        for view, given in suspects.given.items()
    ]
    return pd.concat(frames).sort_values("suspicion", ascending=False, kind="stable", ignore_index=True)


def cards(suspects: Suspects) -> Iterator[Card]:
    """The samples with the most suspicious labels, at most SHOWN; of equal ones first those suspicious in all views."""
    names, suspicion = suspects.class_names, np.array(list(suspects.suspicion.values()))
    for place in np.lexsort((-suspicion.sum(axis=0), -suspicion.max(axis=0)))[:SHOWN]:
        labels = [
            Label(
                view,
                suspects.ids[row := suspects.rows[view][place]],
                thumbnail(suspects.views[view], int(row)),
                names[given[place]],
                float(suspects.suspicion[view][place]),
                None if suspects.true is None else names[suspects.true[view][place]],
            )
            for view, given in suspects.given.items()
        ]
        yield Card(int(place), labels, None if suspects.suggested is None else names[suspects.suggested[place]])


def write(suspects: Suspects, folder: Path, dataset: str, method: str) -> tuple[Path, Path]:
    """Write the table of all labels and the sheet, both or neither; dataset, method: as they are shown to people."""
    found, shown, key = table(suspects), list(cards(suspects)), suspects.key
    name = f"{key.dataset}-{key.method}-{key.name}"
    sheet = render(
        "suspects/suspects.html.j2",
        dataset=dataset,
        method=method,
        key=key,
        noise=key.noise and noise_words(key.noise),
        cards=shown,
        samples=len(found) // len(suspects.given),
        classes=suspects.class_names,
        known=suspects.true is not None,
        estimate=suspects.estimate,
        lowest=math.floor(100 * shown[-1].suspicion) / 100,
        name=name,
        labels=suspects.labels,
    )
    files = {
        folder / f"{name}.csv": found.to_csv(index=False, float_format=FLOAT_FORMAT),
        folder / f"{name}.html": sheet,
    }
    try:
        with ExitStack() as both:
            for file, text in files.items():
                both.enter_context(whole(file)).write(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise BadInput(f"nothing can be written ({error.strerror})", str(folder), "give another folder") from None
    written, drawn = files
    return written, drawn


def _listed(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))
