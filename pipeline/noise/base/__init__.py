"""What a noise file must offer, and the receipt that goes with every set of noisy labels."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np

from pipeline.core.corruption import Corruption
from pipeline.core.errors import BadInput, BadParams
from pipeline.core.papers import Paper
from pipeline.core.seeds import generator
from pipeline.core.splits import Array, Labels, Split, Views

RngFor = Callable[..., np.random.Generator]
"""rng_for(*words) -> a generator of its own for these words, e.g. rng_for('image'); for words that begin with ANNOTATOR
the same one for training and validation samples, which have the same annotators."""
ANNOTATOR = "annotator"


class Noise(ABC):
    """Clean labels -> noisy labels; constructor arguments are the block noises.<name> in params.yaml.

    A dataset's own block, datasets.<dataset>.noises.<name>, changes them.

    display: its name in captions, 'label noise' behind it unless pairs are moved; paper: where it comes from;
    per_pair: whether all views of a sample share one noisy label; moves_pairs: whether samples are paired wrongly,
    which methods that use no labels meet as well; of_training: whether it knows labels of training samples alone, so
    that validation has no noisy ones; by_sample: whether it finds labels by sample, for which its argument `fetched`
    is the folder of the dataset's raw samples.
    """

    display: ClassVar[str]
    paper: ClassVar[Paper | None] = None
    moves_pairs: ClassVar[bool] = False
    of_training: ClassVar[bool] = False
    by_sample: ClassVar[bool] = False
    per_pair: bool

    @abstractmethod
    def corrupt(self, labels: Labels, classes: int, rate: float, features: Views | None, rng_for: RngFor) -> Corruption:
        """Corrupt clean training labels (n per view, in 0..classes-1) at a nominal rate in [0, 1].

        features: n x d per view, for kinds that depend on the instance. All randomness comes from rng_for.
        """


def redrawn(
    labels: Labels, per_pair: bool, rng_for: RngFor, draw: Callable[[Array, np.random.Generator], Array]
) -> Corruption:
    """What draw makes of n clean labels: of every view on its own, or per_pair once for all views of a sample."""
    if not per_pair:
        return Corruption({view: draw(clean, rng_for(view)) for view, clean in labels.items()})
    clean, *others = labels.values()
    if any((other != clean).any() for other in others):
        raise BadInput("views differ in their clean labels", "params.yaml, per_pair", "set it to false")
    noisy = draw(clean, rng_for("pair"))
    return Corruption({view: noisy.copy() for view in labels})


@dataclass(frozen=True)
class NoiseReceipt:
    """How noisy labels were made and what came out.

    realised: view -> share of samples whose label is wrong; transition: view -> K x K counts, row = true class,
    column = noisy label; hash: of the noisy labels and rows, those of the validation split too, 16 hex digits.
    """

    kind: str
    rate: float
    seed: int
    per_pair: bool
    realised: dict[str, float]
    transition: dict[str, list[list[int]]]
    hash: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def make(
    noise: Noise,
    kind: str,
    dataset: str,
    labels: Labels,
    classes: int,
    rate: float,
    seed: int,
    features: Views | None = None,
    valid: Split | None = None,
) -> tuple[Corruption, NoiseReceipt]:
    """Noisy labels with their receipt; the draw depends on kind, dataset, rate and seed, and on nothing else.

    valid: the validation split, which gets a draw of its own; none where a single pair would be exchanged.
    """
    if not 0 <= rate <= 1:
        raise BadParams(f"the noise rate is {rate}", "params.yaml, experiments", "give rates from 0 to 1")
    rng_for = partial(generator, seed, "noise", dataset, kind, repr(float(rate)))
    corruption = _corrupted(noise, kind, labels, classes, rate, features, rng_for)
    if valid is not None and not noise.of_training and not (noise.moves_pairs and int(rate * len(valid)) == 1):

        def valid_rng_for(*words: str) -> np.random.Generator:
            return rng_for(*words) if words[0] == ANNOTATOR else rng_for("valid", *words)

        of_valid = _corrupted(noise, kind, valid.labels, classes, rate, valid.views, valid_rng_for)
        corruption = replace(corruption, valid=of_valid)
    realised, transition = {}, {}
    for view, true in corruption.true(labels).items():
        noisy = corruption.labels[view]
        counts = np.bincount(true * classes + noisy, minlength=classes**2).reshape(classes, classes)
        realised[view], transition[view] = float(np.mean(true != noisy)), counts.tolist()
    receipt = NoiseReceipt(kind, float(rate), seed, noise.per_pair, realised, transition, fingerprint(corruption))
    return corruption, receipt


def _corrupted(
    noise: Noise, kind: str, labels: Labels, classes: int, rate: float, features: Views | None, rng_for: RngFor
) -> Corruption:
    _check(labels, classes, "clean labels")
    corruption = noise.corrupt(labels, classes, rate, features, rng_for)
    _check(corruption.labels, classes, f"noise '{kind}'")
    return corruption


def parts(corruption: Corruption) -> dict[str, Array]:
    """All labels and rows by name, such as 'labels/image' and, of the validation split, 'valid labels/image'."""
    named = {"labels": corruption.labels, "rows": corruption.rows}
    if corruption.valid is not None:
        named |= {"valid labels": corruption.valid.labels, "valid rows": corruption.valid.rows}
    return {f"{part}/{view}": views[view].astype("<i8") for part, views in named.items() for view in sorted(views)}


def fingerprint(corruption: Corruption) -> str:
    """16 hex digits of the SHA-256 of all labels and rows, independent of platform and order of views."""
    digest = hashlib.sha256()
    for name, values in parts(corruption).items():
        digest.update(f"{name}/{len(values)}/".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()[:16]


def _check(labels: Labels, classes: int, place: str) -> None:
    if len({len(column) for column in labels.values()}) != 1:
        raise BadInput("the views differ in their number of labels", place, "give every sample one label per view")
    for view, column in labels.items():
        outside = (column < 0) | (column >= classes)
        if outside.any():
            row = int(outside.argmax())
            raise BadInput(
                f"label {int(column[row])} of sample {row} in view '{view}' is outside 0..{classes - 1}",
                place,
                "number the classes from 0 or correct the number of classes",
            )
