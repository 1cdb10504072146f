"""Suspected labels as a table of all and as a sheet of the first ones for a person to check."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
from markupsafe import Markup

from pipeline.core.datasets import RawView
from pipeline.core.errors import BadInput
from pipeline.core.files import atomic_write
from pipeline.explore.annotators.heard import csv_of
from pipeline.explore.sheet import render
from pipeline.explore.suspects.suspects import Suspects
from pipeline.explore.suspects.suspicion_table import suspicion_table
from pipeline.explore.suspects.twins import twins
from pipeline.reporting.results.report_scope import noise_words
from pipeline.samples.base import thumbnail

LONGEST = 300
"""At most so many samples stand on a sheet."""
SIDE = 256
"""Width and height of a picture on the sheet in CSS pixels."""
CHARACTERS = 4000
"""At most so many characters of a text stand on a sheet."""
KEYS = 9
"""Digit keys that stand for a class: as many classes have the same key on every card."""
FLOAT_FORMAT = "%.6g"


@dataclass(frozen=True)
class Twin:
    """A near-copy of a sample: its id and its label."""

    sample: str
    given: str


@dataclass(frozen=True)
class SuspectLabel:
    """A view of a pair on the sheet: the sample that stands there, its label and what is said about it."""

    view: str
    sample: str
    picture: Markup
    given: str
    suspicion: float
    true: str | None
    twin: Twin | None


@dataclass(frozen=True)
class SuspectPair:
    """A pair on the sheet.

    key: 16 hex digits of its samples, by which a browser finds a decision again on another sheet; index: its place;
    votes: annotator -> class, '' for a gap; choices: classes with a digit key.
    """

    key: str
    index: int
    split: str
    suspicion: float
    labels: Sequence[SuspectLabel]
    suggested: str | None
    votes: Mapping[str, str]
    choices: Sequence[str]


def most_suspicious(suspects: Suspects) -> Iterator[SuspectPair]:
    """At most LONGEST pairs by their most suspicious label; of equal ones first those suspicious in all views."""
    names, known, per_pair = suspects.class_names, set(suspects.class_names), suspects.per_pair
    total = np.sum(list(suspects.suspicion.values()), axis=0)
    places = np.lexsort((-total, -per_pair))[:LONGEST]
    near = {view: twins(features, places) for view, features in suspects.features.items()}
    for number, place in enumerate(places):
        labels = [
            SuspectLabel(
                view,
                suspects.ids[row := suspects.rows[view][place]],
                drawn(suspects.views[view], int(row)),
                names[given[place]],
                float(suspects.suspicion[view][place]),
                None if suspects.true is None else names[suspects.true[view][place]],
                _twin(suspects, view, int(near[view][number])),
            )
            for view, given in suspects.given.items()
        ]
        suggested = None if suspects.suggested is None else names[suspects.suggested[place]]
        votes = {annotator: str(said[place]) for annotator, said in suspects.votes.items()}
        named = [*(label.given for label in labels), suggested, *votes.values()]
        at_hand = [name for name in dict.fromkeys(named) if name is not None and name in known]
        choices = list(names) if len(names) <= KEYS else at_hand[:KEYS]
        yield SuspectPair(
            key=_key(suspects, place),
            index=int(place),
            split=str(suspects.split[place]),
            suspicion=float(per_pair[place]),
            labels=labels,
            suggested=suggested,
            votes=votes,
            choices=choices,
        )


def drawn(view: RawView, row: int) -> Markup:
    """Escaped HTML that shows a sample large enough to judge it; a text as a whole."""
    sample = view.samples[row]
    if not isinstance(sample, str):
        return thumbnail(view, row, SIDE)
    return Markup('<p class="words">{}</p>').format(sample[:CHARACTERS] + (" …" if len(sample) > CHARACTERS else ""))


def write(suspects: Suspects, folder: Path, dataset: str, method: str) -> tuple[Path, Path]:
    """Write the table of all labels and the sheet, with several annotators a table of them, too: all or nothing.

    dataset, method: their display names.

    Raises BadInput for a folder that cannot be written.
    """
    rows, pairs, key = suspicion_table(suspects), list(most_suspicious(suspects)), suspects.key
    name = f"{key.dataset}-{key.method}-{f'{key.variant}-{key.seed}' if suspects.every_split else key.name}"
    sheet = render(
        "suspects/sheet.html.j2",
        dataset=dataset,
        method=method,
        key=key,
        noise=key.noise and noise_words(key.noise),
        every_split=suspects.every_split,
        one_label=suspects.one_label,
        pairs=pairs,
        samples=len(suspects.split),
        classes=suspects.class_names,
        keyed=len(suspects.class_names) <= KEYS,
        known=suspects.true is not None,
        estimate=suspects.estimate,
        lowest=math.floor(100 * pairs[-1].suspicion) / 100,
        name=name,
    )
    files = {
        folder / f"{name}.csv": rows.to_csv(index=False, float_format=FLOAT_FORMAT),
        folder / f"{name}.html": sheet,
    }
    if suspects.annotators:
        files[folder / f"{name}.annotators.csv"] = csv_of(suspects.annotators)
    try:
        with ExitStack() as both:
            for file, text in files.items():
                both.enter_context(atomic_write(file)).write(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise BadInput(f"nothing can be written ({error.strerror})", str(folder), "give another folder") from None
    table_file, sheet_file, *_ = files
    return table_file, sheet_file


def _key(suspects: Suspects, place: int) -> str:
    """A hash of the ids and samples that stand at a place."""
    digest = blake2b(digest_size=8)
    for view, rows in suspects.rows.items():
        sample = suspects.views[view].samples[int(rows[place])]
        content = sample.encode("utf-8", "surrogatepass") if isinstance(sample, str) else sample.tobytes()
        digest.update(str(suspects.ids[rows[place]]).encode("utf-8", "surrogatepass") + b"\0" + content)
    return digest.hexdigest()


def _twin(suspects: Suspects, view: str, place: int) -> Twin | None:
    """What stands at a place, as somebody's near-copy; None for place -1."""
    if place < 0:
        return None
    return Twin(suspects.ids[suspects.rows[view][place]], suspects.class_names[suspects.given[view][place]])
