"""What is searched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from pipeline.core.errors import BadInput
from pipeline.core.splits import Array
from pipeline.explore.search.user_input import Form, read_sample, view_of
from pipeline.samples.base import kind, thumbnail

SIDE = 120
"""Width and height of a picture on the sheet, in CSS pixels."""


@dataclass(frozen=True)
class Gallery:
    """title: what is searched; embeddings: n x m; names, classes: n each; draw: row -> its thumbnail."""

    title: str
    embeddings: Array
    names: Sequence[str]
    classes: Sequence[str]
    draw: Callable[[int], Markup]


def drawn_file(name: str, forms: Sequence[Form]) -> Markup:
    """Thumbnail of a file in the first form that reads it; empty if there is no such file (any more)."""
    file = Path(name)
    for form in forms:
        if file.suffix.lower() in kind(form.kind).suffixes and file.is_file():
            with suppress(BadInput):
                return thumbnail(view_of([read_sample(file, form)], form), 0, SIDE)
    return Markup("")
