"""Are the features that methods train on of use, and do they belong to the raw samples?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from pipeline.core.datasets import RawDataset
from pipeline.core.splits import Array
from pipeline.doctor.finding import Finding, Severity, finding
from pipeline.features.base.store import Features

SPREAD = 100.0
"""A view is reported whose features spread so many times as far as another view's."""


def check_tables(tables: Mapping[str, Array], place: str) -> Iterator[Finding]:
    """tables: view -> features of the training samples, n x d, finite."""
    spread = {}
    for view, table in tables.items():
        constant = int(np.sum((table == table[0]).all(axis=0)))
        spread[view] = float(np.sqrt(table.var(axis=0, dtype=np.float64).mean()))
        problem = f"{constant} of {table.shape[1]} features are constant in training"
        if constant == table.shape[1]:
            yield finding(Severity.ERROR, problem, f"{place}, view '{view}'", "extract them again or bring others")
        elif constant:
            remedy = "leave them if that can be so, as with the border of a picture, else extract again"
            yield finding(Severity.NOTE, problem, f"{place}, view '{view}'", remedy)
    if not spread or not min(spread.values()):
        return
    wide, narrow = max(spread, key=spread.__getitem__), min(spread, key=spread.__getitem__)
    if spread[wide] >= SPREAD * spread[narrow]:
        problem = f"features of '{wide}' deviate from their mean by {spread[wide]:.3g}, those of '{narrow}' by "
        problem += f"{spread[narrow]:.3g}"
        yield finding(Severity.NOTE, problem, place, "scale one view if a method treats both alike")


def check_widths(tables: Mapping[str, Array], published: Mapping[str, int], place: str) -> Iterator[Finding]:
    """published: view -> width of the features in the paper that the dataset is compared with."""
    for view, table in tables.items():
        width = published.get(view, table.shape[1])
        if width != table.shape[1]:
            problem = f"the features have {table.shape[1]} numbers, in the paper {width}"
            yield finding(Severity.NOTE, problem, f"{place}, view '{view}'", "compare with no published number")


def check_features(features: Features, raw: RawDataset, place: str) -> Iterator[Finding]:
    """The stored features have the classes and labels of the raw samples, and every view is n x d with one d."""
    splits = {name: split.labels for name, split in features.splits.items()}
    same = list(features.class_names) == list(raw.class_names) and set(splits) == set(raw.split)
    for name, labels in splits.items():
        same = same and all(np.array_equal(x, raw.labels[raw.split == name]) for x in labels.values())
    if not same:
        problem = "they have other samples or labels than the raw data"
        yield finding(Severity.ERROR, problem, f"{place}, features", "run `dvc repro` to extract them again")
    for view in features.extractors:
        shapes = {name: split.views[view].shape[1:] for name, split in features.splits.items()}
        if len(set(shapes.values())) > 1 or len(shapes["train"]) != 1:
            listed = ", ".join(f"{' x '.join(map(str, shape)) or 'no'} in {name}" for name, shape in shapes.items())
            problem = f"a sample has not one and the same number of features in every split: {listed}"
            yield finding(Severity.ERROR, problem, f"{place}, view '{view}'", "run `dvc repro` to extract them again")
