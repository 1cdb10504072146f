"""Galleries to search: a folder of files, stored embeddings, or the test split of the method's dataset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from pipeline.core.errors import BadInput
from pipeline.core.progress import Progress, quiet
from pipeline.core.splits import Array
from pipeline.explore.search import stored_gallery
from pipeline.explore.search.gallery import SIDE, Gallery, drawn_file
from pipeline.explore.search.loaded_run import LoadedRun
from pipeline.explore.search.user_input import choose, files_by_view, read_sample, view_of
from pipeline.samples.base import thumbnail

BLOCK = 256
"""Files of a gallery that are held in memory at a time."""
Note = Callable[[str], None]
"""note(sentence) is called with what a person should read."""


def open_gallery(
    place: Path | None,
    loaded: LoadedRun,
    asked_in: str,
    into: str | None,
    note: Note,
    progress: Progress,
) -> Gallery:
    """The gallery at a place, None for the test split. asked_in: the query's view; into: the gallery's.

    into can be left out where only one view can be meant, the query's own being the last choice. A file that cannot be
    read is noted and left out.
    """
    if place is None:
        able = _but(asked_in, list(loaded.forms)) if into is None else list(loaded.forms)
        view = choose(able, into, loaded.forms, "the samples of the test split", "--into")
        return _of_test_split(loaded, view)
    if place.is_dir():
        files = files_by_view(place, loaded.forms)
        able = _but(asked_in, list(files)) if into is None else list(files)
        view = choose(able, into, loaded.forms, f"the files in {place}", "--into")
        return _of_files(loaded, view, str(place), files[view], note, progress)
    gallery = stored_gallery.read(loaded, place)
    if into is not None:
        raise BadInput("stored embeddings have no view to choose", "--into", "leave it out")
    return gallery


def _but(view: str, views: list[str]) -> list[str]:
    return [other for other in views if other != view] or views


def _of_test_split(loaded: LoadedRun, view: str) -> Gallery:
    raw = loaded.raw
    if raw is None:
        raise BadInput("it holds no samples to search", "the bundle", "name a gallery with --gallery")
    rows = np.flatnonzero(raw.split == "test")
    return Gallery(
        f"test split of {loaded.key.dataset}, view '{view}'",
        loaded.test[view],
        [raw.ids[int(row)] for row in rows],
        [loaded.class_names[int(label)] for label in raw.labels[rows]],
        lambda row: thumbnail(raw.views[view], int(rows[row]), SIDE),
    )


def _of_files(
    loaded: LoadedRun, view: str, title: str, files: Sequence[Path], note: Note, progress: Progress
) -> Gallery:
    """In blocks, so that a large folder needs memory for its embeddings alone; what is shown is read again."""
    form = loaded.forms[view]
    names: list[str] = []
    parts: list[Array] = []
    for start in range(0, len(files), BLOCK):
        samples = []
        for file in files[start : start + BLOCK]:
            try:
                samples.append(read_sample(file, form))
            except BadInput as error:
                note(f"{error.place}: {error.problem}; it is left out.")
            else:
                names.append(str(file))
        if samples:
            parts.append(loaded.embed(view, view_of(samples, form).samples, quiet))
        progress(min(start + BLOCK, len(files)), len(files))
    if not parts:
        raise BadInput(f"none of its {len(files)} files can be read", title, "name another gallery")
    return Gallery(title, np.concatenate(parts), names, [""] * len(names), lambda row: drawn_file(names[row], [form]))
