"""Do the parts of a dataset fit together: rows, shapes, ids, splits, sizes and classes?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from pipeline.core.datasets import RawDataset
from pipeline.core.splits import SPLITS, Array
from pipeline.doctor.finding import Finding, Severity, finding, marked

UNBALANCED = 10.0
"""A largest class of so many times the smallest is reported."""


def check_rows(raw: RawDataset, place: str) -> Iterator[Finding]:
    """Two views or more; every view, label, split and concept has one row per id.

    With a finding here nothing else can be examined.
    """
    if len(raw.views) < 2:
        yield finding(
            Severity.ERROR, f"the number of views is {len(raw.views)}", place, "give every sample two or more"
        )
    parts = {f"view '{name}'": len(view.samples) for name, view in raw.views.items()}
    parts |= {"labels": len(raw.labels), "splits": len(raw.split), "concepts": len(raw.concept)}
    for name, rows in parts.items():
        if rows != len(raw.ids) or not rows:
            problem = f"it has {rows} rows where there are {len(raw.ids)} ids"
            yield finding(Severity.ERROR, problem, f"{place}, {name}", "give every sample one row in each view")


def check_ids(raw: RawDataset, place: str) -> Iterator[Finding]:
    """Name the ids that more than one sample has."""
    _, first = np.unique(np.asarray(raw.ids), return_index=True)
    again = np.ones(len(raw.ids), dtype=bool)
    again[first] = False
    yield from marked(
        Severity.ERROR, "an id stands for several samples", again, raw.ids, place, "give every sample its own"
    )


def check_splits(raw: RawDataset, place: str, published: Mapping[str, int] | None) -> Iterator[Finding]:
    """published: split -> samples in the paper that the dataset is compared with."""
    unknown = ~np.isin(raw.split, SPLITS)
    yield from marked(
        Severity.ERROR, "the split is none of train, valid and test", unknown, raw.ids, place, "name it so"
    )
    sizes = {name: int(np.sum(raw.split == name)) for name in SPLITS}
    for name in ("train", "test"):
        if not sizes[name]:
            yield finding(Severity.ERROR, f"the split '{name}' has no samples", place, "divide the samples again")
    if published is not None and sizes != dict(published):
        counts = [" / ".join(str(numbers[name]) for name in SPLITS) for numbers in (sizes, published)]
        problem = f"train / valid / test have {counts[0]} samples, in the paper {counts[1]}"
        yield finding(Severity.WARNING, problem, place, "compare with no published number, or bring the authors' files")


def check_labels(raw: RawDataset, place: str) -> Iterator[Finding]:
    """Labels number the classes; every class is learnt from, asked for and of a size with the others."""
    labels, classes = np.asarray(raw.labels), len(raw.class_names)
    if labels.dtype.kind not in "iu":
        yield finding(Severity.ERROR, f"the labels are {labels.dtype}", place, "give whole numbers from 0")
        return
    outside = (labels < 0) | (labels >= classes)
    remedy = "number the classes from 0 or correct the number of classes"
    yield from marked(Severity.ERROR, f"the label is outside 0..{classes - 1}", outside, raw.ids, place, remedy)
    counts = {name: np.bincount(labels[~outside & (raw.split == name)], minlength=classes) for name in SPLITS}
    train, valid, test = (counts[name] for name in SPLITS)
    rest = valid + test
    yield from _classes(
        Severity.WARNING, "no sample has the class", train + rest == 0, raw, place, "take it out of the class names"
    )
    yield from _classes(
        Severity.ERROR,
        "no training sample has the class",
        (train == 0) & (rest > 0) & bool(train.any()),
        raw,
        place,
        "divide the samples again so that every class is trained",
    )
    yield from _classes(
        Severity.WARNING,
        "no test sample has the class",
        (test == 0) & (train > 0) & bool(test.any()),
        raw,
        place,
        "test it, or say that MAP leaves it out",
    )
    yield from _classes(
        Severity.NOTE,
        "no validation sample has the class",
        (valid == 0) & (train > 0) & (test > 0) & bool(valid.any()),
        raw,
        place,
        "mind that best_validation chooses without it",
    )
    present = train[train > 0]
    if len(present) and present.max() >= UNBALANCED * present.min():
        large, small = (raw.class_names[int(np.flatnonzero(train == n)[0])] for n in (present.max(), present.min()))
        problem = f"'{large}' has {present.max()} training samples and '{small}' {present.min()}"
        yield finding(Severity.NOTE, problem, place, "mind that MAP over queries follows the large classes")


def check_votes(raw: RawDataset, place: str) -> Iterator[Finding]:
    """Samples whose annotators do not agree on one label more than on any other."""
    if raw.annotations is not None:
        votes = raw.annotations.votes
        counts = np.stack([(votes == label).sum(axis=1) for label in range(len(raw.annotations.labels))], axis=1)
        tied = (counts == counts.max(axis=1, keepdims=True)).sum(axis=1) > 1
        remedy = "decide them, or mind that the hash of the id has chosen"
        yield from marked(Severity.NOTE, "the annotators' votes are tied", tied, raw.ids, place, remedy)


def _classes(
    severity: Severity, problem: str, mask: Array, raw: RawDataset, place: str, remedy: str
) -> Iterator[Finding]:
    """One finding that names the classes that mask (one boolean per class) marks."""
    names = [f"'{raw.class_names[int(row)]}'" for row in np.flatnonzero(mask)]
    if names:
        more = f" and {len(names) - 3} others" if len(names) > 3 else ""
        yield finding(severity, f"{problem} {', '.join(names[:3])}{more}", place, remedy)
