"""What a person brings, files and words, as samples in the form that a method was trained on."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.core.datasets import RawView
from pipeline.core.errors import BadInput, UnknownName
from pipeline.core.seeds import generator
from pipeline.core.splits import Array
from pipeline.data.base import visible
from pipeline.samples import base as kinds
from pipeline.samples.base.sample_files import SampleFiles

SEED = 0


@dataclass(frozen=True)
class Form:
    """kind: of RawView; shape: of one sample, () for a text."""

    kind: str
    shape: tuple[int, ...]

    @classmethod
    def of(cls, view: RawView) -> Form:
        return cls(view.kind, view.samples.shape[1:] if isinstance(view.samples, np.ndarray | SampleFiles) else ())


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
    by_name = {name: kinds.kind(name) for name in kinds.names()}
    fitting = {name for name, kind in by_name.items() if path.suffix.lower() in kind.suffixes}
    if not text.strip():
        raise BadInput("it is empty", "the query", "give a file or some words")
    if not os.path.isfile(text):
        if fitting:
            raise BadInput("there is no such file", text, "correct the path")
        typed = {name for name, kind in by_name.items() if kind.typed}
        chosen = choose(_reading(typed, forms), view, forms, "words", "--view")
        return Query(chosen, RawView(forms[chosen].kind, [text]), f"“{text}”")
    chosen = choose(_reading(fitting, forms), view, forms, f"files that end in '{path.suffix}'", "--view")
    return Query(chosen, view_of([read_sample(path, forms[chosen])], forms[chosen]), path.name)


def choose(able: Sequence[str], wanted: str | None, forms: Forms, items: str, option: str) -> str:
    """The view that is wanted, or the only one that can be meant."""
    reads = ", ".join(f"'{name}' {kinds.kind(form.kind).plural}" for name, form in forms.items())
    if wanted is not None and wanted not in forms:
        raise UnknownName(wanted, forms, option)
    if not able or (wanted is not None and wanted not in able):
        who = f"view '{wanted}' does not take" if able else "no view takes"
        raise BadInput(f"{who} {items}", "the trained method", f"it was trained on {reads}")
    if wanted is None and len(able) > 1:
        raise BadInput(f"{items} fit the views {', '.join(able)}", "the trained method", f"say which with {option}")
    return wanted or able[0]


def files_by_view(folder: Path, forms: Forms) -> dict[str, list[Path]]:
    """Files at any depth that a view can read, in alphabetical order; hidden ones are passed over."""
    below = [path for path in visible(folder) if path.is_file()]
    suffixes = {view: kinds.kind(form.kind).suffixes for view, form in forms.items()}
    files = {view: [path for path in below if path.suffix.lower() in known] for view, known in suffixes.items()}
    return {view: some for view, some in files.items() if some}


def read_sample(file: Path, form: Form) -> Array | str:
    """One sample in the form that the method was trained on; what is drawn of a file depends on its name alone."""
    try:
        sample: Array | str = kinds.kind(form.kind).read(
            file, form.shape, lambda word: generator(SEED, "search", word, file.name)
        )
        return sample
    except BadInput as error:
        raise BadInput(error.problem, error.place, "give another file") from None
    except OSError as error:
        raise BadInput(f"it cannot be read ({type(error).__name__})", str(file), "give another file") from None


def view_of(samples: Sequence[Array | str], form: Form) -> RawView:
    """Samples of one form as a view."""
    return RawView(form.kind, kinds.kind(form.kind).gather(samples, len(samples)))


def _reading(kinds_read: Collection[str], forms: Forms) -> list[str]:
    return [view for view, form in forms.items() if form.kind in kinds_read]
