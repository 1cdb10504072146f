"""Galleries to search: a folder of files, stored embeddings, or the test split of the method's dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
from markupsafe import Markup

from pipeline.core.errors import BadInput
from pipeline.core.files import whole
from pipeline.core.progress import Progress, quiet
from pipeline.core.splits import Array
from pipeline.explore.search.loaded_run import LoadedRun
from pipeline.explore.search.user_input import Form, choose, files_by_view, read_sample, view_of
from pipeline.samples.base import kind, thumbnail

BLOCK = 256
"""Files of a gallery that are held in memory at a time."""
SIDE = 120
"""Width and height of a picture on the sheet, in CSS pixels."""
Note = Callable[[str], None]


@dataclass(frozen=True)
class Gallery:
    """title: what is searched; embeddings: n x m; names, classes: n each; draw: row -> its thumbnail."""

    title: str
    embeddings: Array
    names: Sequence[str]
    classes: Sequence[str]
    draw: Callable[[int], Markup]


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
    gallery = _of_embeddings(loaded, place)
    if into is not None:
        raise BadInput("stored embeddings have no view to choose", "--into", "leave it out")
    return gallery


def check(file: Path) -> None:
    """Raise BadInput for a place where save would fail, before anything is embedded for it."""
    if file.suffix != ".npz":
        raise BadInput("the name does not end in .npz", str(file), "give it this suffix")
    with writing(file):
        if file.is_dir():
            raise IsADirectoryError
        file.parent.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=file.parent).close()


def save(gallery: Gallery, loaded: LoadedRun, file: Path) -> None:
    """Write embeddings, names and the digest of the model that made them, for open_gallery."""
    check(file)
    arrays = {"embeddings": gallery.embeddings, "names": np.array(gallery.names), "model": np.array(loaded.digest)}
    with writing(file), whole(file) as content:
        np.savez(content, allow_pickle=False, **arrays)


@contextmanager
def writing(file: Path) -> Iterator[None]:
    """Raise BadInput for a file that cannot be written there."""
    try:
        yield
    except OSError as error:
        raise BadInput(f"it cannot be written ({type(error).__name__})", str(file), "choose another place") from None


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
                note(f"{error.where}: {error.what}; it is left out.")
            else:
                names.append(str(file))
        if samples:
            parts.append(loaded.embed(view, view_of(samples, form).samples, quiet))
        progress(min(start + BLOCK, len(files)), len(files))
    if not parts:
        raise BadInput(f"none of its {len(files)} files can be read", title, "name another gallery")
    return Gallery(title, np.concatenate(parts), names, [""] * len(names), lambda row: _drawn(names[row], [form]))


def _of_embeddings(loaded: LoadedRun, file: Path) -> Gallery:
    """embeddings: n x m; names: n, numbers where they are missing; model: the digest of the model that made them."""
    remedy = "name a folder, or an .npz with an array `embeddings`, one row per sample"
    try:
        with np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in ("embeddings", "names", "model") if name in stored}
    except FileNotFoundError:
        raise BadInput("there is no such folder or file", str(file), remedy) from None
    except Exception as error:  # a damaged file makes numpy raise almost anything
        raise BadInput(f"this is no gallery ({type(error).__name__})", str(file), remedy) from None
    rows = arrays.get("embeddings", np.empty(0))
    if rows.ndim != 2 or not len(rows) or rows.dtype.kind != "f" or not np.isfinite(rows).all():
        raise BadInput("it holds no finite numbers, n x m, named `embeddings`", str(file), remedy)
    names = arrays.get("names", np.array([f"row {row}" for row in range(len(rows))]))
    if names.shape != (len(rows),) or names.dtype.kind != "U":
        raise BadInput(f"`names` are not {len(rows)} texts", str(file), "give one per row or leave them out")
    if str(arrays.get("model", loaded.digest)) != loaded.digest:
        raise BadInput("another model made these embeddings", str(file), "embed the gallery with this model")
    listed = names.tolist()
    forms = list(loaded.forms.values())
    return Gallery(str(file), rows, listed, [""] * len(rows), lambda row: _drawn(listed[row], forms))


def _drawn(name: str, forms: Sequence[Form]) -> Markup:
    """The file of this name as the first of the forms that reads it, nothing where there is none (any more)."""
    file = Path(name)
    for form in forms:
        if file.suffix.lower() in kind(form.kind).suffixes and file.is_file():
            with suppress(BadInput):
                return thumbnail(view_of([read_sample(file, form)], form), 0, SIDE)
    return Markup("")
