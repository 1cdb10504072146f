"""Suspected labels as a table of all and as a sheet of the first ones for a person to check."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from markupsafe import Markup

from pipeline.core.errors import BadInput
from pipeline.core.files import atomic_write
from pipeline.explore.sheet import render
from pipeline.explore.suspects.suspects import Suspects
from pipeline.reporting.results.report_scope import noise_words
from pipeline.samples.base import thumbnail

LONGEST = 300
"""At most so many samples stand on a sheet."""
FLOAT_FORMAT = "%.6g"


@dataclass(frozen=True)
class SuspectLabel:
    """A label on the sheet: the sample that carries it and what is said about it."""

    view: str
    sample: str
    picture: Markup
    given: str
    suspicion: float
    true: str | None


@dataclass(frozen=True)
class SuspectPair:
    """A place of the training split on the sheet."""

    index: int
    labels: Sequence[SuspectLabel]
    suggested: str | None

    @property
    def suspicion(self) -> float:
        return max(label.suspicion for label in self.labels)

    @property
    def choices(self) -> list[str]:
        """The classes that the sheet offers as the right one: those given, then the suggested one."""
        named = [*(label.given for label in self.labels), self.suggested]
        return list(dict.fromkeys(name for name in named if name is not None))


def suspicion_table(suspects: Suspects) -> pd.DataFrame:
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


def most_suspicious(suspects: Suspects) -> Iterator[SuspectPair]:
    """At most LONGEST pairs by their most suspicious label; of equal ones first those suspicious in all views."""
    names, suspicion = suspects.class_names, np.array(list(suspects.suspicion.values()))
    for place in np.lexsort((-suspicion.sum(axis=0), -suspicion.max(axis=0)))[:LONGEST]:
        labels = [
            SuspectLabel(
                view,
                suspects.ids[row := suspects.rows[view][place]],
                thumbnail(suspects.views[view], int(row)),
                names[given[place]],
                float(suspects.suspicion[view][place]),
                None if suspects.true is None else names[suspects.true[view][place]],
            )
            for view, given in suspects.given.items()
        ]
        suggested = None if suspects.suggested is None else names[suspects.suggested[place]]
        yield SuspectPair(int(place), labels, suggested)


def write(suspects: Suspects, folder: Path, dataset: str, method: str) -> tuple[Path, Path]:
    """Write the table of all labels and the sheet, both or neither. dataset, method: their display names.

    Raises BadInput for a folder that cannot be written.
    """
    rows, pairs, key = suspicion_table(suspects), list(most_suspicious(suspects)), suspects.key
    name = f"{key.dataset}-{key.method}-{key.name}"
    sheet = render(
        "suspects/sheet.html.j2",
        dataset=dataset,
        method=method,
        key=key,
        noise=key.noise and noise_words(key.noise),
        pairs=pairs,
        samples=len(rows) // len(suspects.given),
        classes=suspects.class_names,
        known=suspects.true is not None,
        estimate=suspects.estimate,
        lowest=math.floor(100 * pairs[-1].suspicion) / 100,
        name=name,
        labels=suspects.labels,
    )
    files = {
        folder / f"{name}.csv": rows.to_csv(index=False, float_format=FLOAT_FORMAT),
        folder / f"{name}.html": sheet,
    }
    try:
        with ExitStack() as both:
            for file, text in files.items():
                both.enter_context(atomic_write(file)).write(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise BadInput(f"nothing can be written ({error.strerror})", str(folder), "give another folder") from None
    table_file, sheet_file = files
    return table_file, sheet_file
