"""Classes and splits of a user's own samples: by hash of the id, or as given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from unicodedata import normalize

import numpy as np

from pipeline.core.errors import BadInput, BadParams
from pipeline.core.splits import SPLITS, Array

SHARES = {"train": 0.7, "valid": 0.1, "test": 0.2}
NAMES = {
    "train": ("train", "training"),
    "valid": ("valid", "val", "validation", "dev", "development"),
    "test": ("test", "testing"),
}
"""How a given split may call its parts, in any case."""
UNSURE = ("eval", "evaluation", "holdout")
"""What some call validation and others test."""
_SPLIT_OF = {own: split for split, names in NAMES.items() for own in names}


def split_of(name: str) -> str:
    """train, valid or test, whichever a name stands for; '' where it stands for none."""
    return _SPLIT_OF.get(name.strip().casefold(), "")


def hashed(ids: Sequence[str], shares: Mapping[str, float], place: str) -> Array:
    """n ids -> n names of splits. A sample's split depends on its own id alone: others never move it.

    The first 64 bits of the SHA-256 of an id are its place in [0, 1), which the shares divide in the order train,
    valid, test. place: names the shares in errors. Raises BadParams for shares that do not divide.
    """
    sizes = [shares.get(name, 0.0) for name in SPLITS]
    whole = abs(sum(sizes) - 1) < 1e-9
    if set(shares) - set(SPLITS) or not whole or min(sizes) < 0 or not sizes[0] or not sizes[2]:
        raise BadParams(
            f"the shares {dict(shares)} do not divide the samples",
            place,
            "give train, valid and test numbers that add up to 1, those of train and test above 0",
        )
    places = np.array([int.from_bytes(sha256(name.encode()).digest()[:8], "big") for name in ids]) / 2.0**64
    return np.array(SPLITS)[np.searchsorted(np.cumsum(sizes)[:-1], places, side="right")]


def classes(names: Sequence[str]) -> tuple[list[str], Array]:
    """n class names -> the sorted classes and n indices (int64); where all are whole numbers, by their value.

    Names are composed (NFC), so that one typed on a Mac and one typed on Windows are the same class.
    """
    names = [normalize("NFC", name) for name in names]
    whole = all(name.removeprefix("-").isdecimal() for name in names)
    class_names = sorted(set(names), key=int if whole else str)
    position = {name: row for row, name in enumerate(class_names)}
    return class_names, np.array([position[name] for name in names], dtype=np.int64)


def check(labels: Array, split: Array, class_names: Sequence[str], place: str) -> None:
    """Raise BadInput for what `faults` finds first."""
    for fault in faults(labels, split, class_names, place):
        raise fault


def faults(labels: Array, split: Array, class_names: Sequence[str], place: str) -> Iterator[BadInput]:
    """One for fewer than two classes, and for each class without training or without test samples.

    Validation, which only chooses, may lack a class: a tenth of a small class is often nobody.
    """
    if len(class_names) < 2:
        yield BadInput(f"the only class is '{class_names[0]}'", place, "give samples of two classes or more")
    for name in ("train", "test"):
        counts = np.bincount(labels[split == name], minlength=len(class_names))
        for lacking in map(int, np.flatnonzero(counts == 0)):
            total = int(np.sum(labels == lacking))
            yield BadInput(
                f"class '{class_names[lacking]}' has {total} samples in all and none in the split '{name}'",
                place,
                "add samples of this class, join it with another one, or give the split yourself",
            )
