"""What a person brings, files and words, as samples in the form that a method was trained on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.core.datasets import RawView
from pipeline.core.errors import BadInput, UnknownName
from pipeline.core.seeds import generator
from pipeline.core.splits import Array
from pipeline.data.base import pairing, read_array
from pipeline.data.base.clouds import read_cloud
from pipeline.data.base.pictures import read_picture
from pipeline.features.base import Samples

SEED = 0
SUFFIXES: Mapping[str, frozenset[str]] = pairing.SUFFIXES | {"features": frozenset({".npy"})}
NAMES = {"image": "pictures", "text": "texts", "cloud": "point clouds", "features": "features in .npy"}


@dataclass(frozen=True)
class Form:
    """kind: of RawView; shape of one sample: h x w (x 3) pixels, points x 3, d features, nothing for a text."""

    kind: str
    shape: tuple[int, ...]

    @classmethod
    def of(cls, view: RawView) -> Form:
        return cls(view.kind, view.samples.shape[1:] if isinstance(view.samples, np.ndarray) else ())


Forms = Mapping[str, Form]
"""View -> the form of its samples."""


@dataclass(frozen=True)
class Query:
    """What is looked for: its view, the one sample, and what a person calls it."""

    view: str
    sample: RawView
    name: str


def read_query(text: str, forms: Forms, view: str | None) -> Query:
    """A file by its suffix, anything else as words; view settles which one where several read it."""
    path = Path(text)
    kinds = {kind for kind, suffixes in SUFFIXES.items() if path.suffix.lower() in suffixes}
    if not text.strip():
        raise BadInput("it is empty", "the query", "give a file or some words")
    if not os.path.isfile(text):
        if kinds:
            raise BadInput("there is no such file", text, "correct the path")
        chosen = choose(_reading({"text"}, forms), view, forms, "words", "--view")
        return Query(chosen, RawView("text", [text]), f"“{text}”")
    chosen = choose(_reading(kinds, forms), view, forms, f"files that end in '{path.suffix}'", "--view")
    return Query(chosen, view_of([read_sample(path, forms[chosen])], forms[chosen]), path.name)


def choose(able: Sequence[str], wanted: str | None, forms: Forms, what: str, option: str) -> str:
    """The view that is wanted, or the only one that can be meant."""
    reads = ", ".join(f"'{name}' {NAMES[form.kind]}" for name, form in forms.items())
    if wanted is not None and wanted not in forms:
        raise UnknownName(wanted, forms, option)
    if not able or (wanted is not None and wanted not in able):
        who = f"view '{wanted}' does not take" if able else "no view takes"
        raise BadInput(f"{who} {what}", "the trained method", f"it was trained on {reads}")
    if wanted is None and len(able) > 1:
        raise BadInput(f"{what} fit the views {', '.join(able)}", "the trained method", f"say which with {option}")
    return wanted or able[0]


def files_by_view(folder: Path, forms: Forms) -> dict[str, list[Path]]:
    """Files at any depth that a view can read, in alphabetical order; hidden ones are passed over."""
    below = [path for path in sorted(folder.rglob("*")) if not _hidden(path.relative_to(folder)) and path.is_file()]
    found = {view: [p for p in below if p.suffix.lower() in SUFFIXES[form.kind]] for view, form in forms.items()}
    return {view: files for view, files in found.items() if files}


def read_sample(file: Path, form: Form) -> Array | str:
    """One sample in the form that the method was trained on."""
    try:
        return READERS[form.kind](file, form.shape)
    except BadInput as error:
        raise BadInput(error.what, error.where, "give another file") from None
    except OSError as error:
        raise BadInput(f"it cannot be read ({type(error).__name__})", str(file), "give another file") from None


def view_of(samples: Sequence[Array | str], form: Form) -> RawView:
    """Samples of one form as a view."""
    whole: Samples = [str(sample) for sample in samples] if form.kind == "text" else np.stack(samples)
    return RawView(form.kind, whole)


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _reading(kinds: Iterable[str], forms: Forms) -> list[str]:
    return [view for view, form in forms.items() if form.kind in kinds]


def _picture(file: Path, shape: tuple[int, ...]) -> Array:
    square = read_picture(file, shape[0])
    return square if len(shape) == 3 else np.asarray(Image.fromarray(square).convert("L"))


def _cloud(file: Path, shape: tuple[int, ...]) -> Array:
    """Which of a file's points are taken depends on its name alone."""
    return read_cloud(file, shape[0], generator(SEED, "search", "points", file.name))


def _text(file: Path, shape: tuple[int, ...]) -> str:
    try:
        text = file.read_text(encoding="utf-8-sig").strip()
    except UnicodeDecodeError:
        raise BadInput("it is not in UTF-8", str(file), "") from None
    if not text:
        raise BadInput("the text is empty", str(file), "")
    return text


def _features(file: Path, shape: tuple[int, ...]) -> Array:
    numbers = read_array(file)
    if numbers.size != shape[0]:
        given = " x ".join(map(str, numbers.shape))
        raise BadInput(f"it holds {given} numbers where one sample has {shape[0]}", str(file), "")
    row: Array = numbers.reshape(shape).astype(np.float32)
    if not np.isfinite(row).all():
        raise BadInput("a number is NaN or infinite", str(file), "")
    return row


READERS: Mapping[str, Callable[[Path, tuple[int, ...]], Array | str]] = {
    "image": _picture,
    "text": _text,
    "cloud": _cloud,
    "features": _features,
}
