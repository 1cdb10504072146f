"""What is searched: a folder of files, stored embeddings, or the test split of the dataset trained on."""

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
from pipeline.core.splits import Array
from pipeline.explore.search.loaded_run import Trained
from pipeline.explore.search.user_input import Form, choose, files_by_view, read_sample, view_of
from pipeline.features.base import Progress
from pipeline.samples.base import kind, thumbnail

BLOCK = 256
"""Files of a gallery that are held in memory at a time."""
SIDE = 120
"""Width and height of a picture on the sheet, in CSS pixels."""
Note = Callable[[str], None]


@dataclass(frozen=True)
class Gallery:
    """embeddings: n x m; names, classes: n each; draw: what a person is shown of a row."""

    what: str
    embeddings: Array
    names: Sequence[str]
    classes: Sequence[str]
    draw: Callable[[int], Markup]


def open_gallery(
    place: Path | None,
    trained: Trained,
    asked_in: str,
    into: str | None,
    note: Note,
    progress: Progress,
) -> Gallery:
    """asked_in: the query's view; into: the gallery's, which can be left out where only one can be meant, the query's
    own being the last choice. A file that cannot be read is noted and left out."""
    if place is None:
        able = _but(asked_in, list(trained.forms)) if into is None else list(trained.forms)
        view = choose(able, into, trained.forms, "the samples of the test split", "--into")
        return _of_test_split(trained, view)
    if place.is_dir():
        files = files_by_view(place, trained.forms)
        able = _but(asked_in, list(files)) if into is None else list(files)
        view = choose(able, into, trained.forms, f"the files in {place}", "--into")
        return _of_files(trained, view, str(place), files[view], note, progress)
    gallery = _of_embeddings(trained, place)
    if into is not None:
        raise BadInput("stored embeddings have no view to choose", "--into", "leave it out")
    return gallery


def check(file: Path) -> None:
    """Refuse a place where save would fail, before anything is embedded for it."""
    if file.suffix != ".npz":
        raise BadInput("the name does not end in .npz", str(file), "give it this suffix")
    with told(file):
        if file.is_dir():
            raise IsADirectoryError
        file.parent.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=file.parent).close()


def save(gallery: Gallery, trained: Trained, file: Path) -> None:
    """embeddings, names and the digest of the model that made them, for open_gallery."""
    check(file)
    arrays = {"embeddings": gallery.embeddings, "names": np.array(gallery.names), "model": np.array(trained.digest)}
    with told(file), whole(file) as content:
        np.savez(content, allow_pickle=False, **arrays)


@contextmanager
def told(file: Path) -> Iterator[None]:
    """Say in a sentence that a file cannot be written where the person wants it."""
    try:
        yield
    except OSError as error:
        raise BadInput(f"it cannot be written ({type(error).__name__})", str(file), "choose another place") from None


def _but(view: str, views: list[str]) -> list[str]:
    return [other for other in views if other != view] or views


def _of_test_split(trained: Trained, view: str) -> Gallery:
    raw = trained.raw
    if raw is None:
        raise BadInput("it holds no samples to search", "the bundle", "name a gallery with --gallery")
    rows = np.flatnonzero(raw.split == "test")
    return Gallery(
        f"test split of {trained.key.dataset}, view '{view}'",
        trained.test[view],
        [raw.ids[int(row)] for row in rows],
        [trained.class_names[int(label)] for label in raw.labels[rows]],
        lambda row: thumbnail(raw.views[view], int(rows[row]), SIDE),
    )


def _of_files(trained: Trained, view: str, what: str, files: Sequence[Path], note: Note, progress: Progress) -> Gallery:
    """In blocks, so that a large folder needs memory for its embeddings alone; what is shown is read again."""
    form = trained.forms[view]
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
            parts.append(trained.embed(view, view_of(samples, form).samples, lambda done, total: None))
        progress(min(start + BLOCK, len(files)), len(files))
    if not parts:
        raise BadInput(f"none of its {len(files)} files can be read", what, "name another gallery")
    return Gallery(what, np.concatenate(parts), names, [""] * len(names), lambda row: _drawn(names[row], [form]))


def _of_embeddings(trained: Trained, file: Path) -> Gallery:
    """embeddings: n x m; names: n, numbers where they are missing; model: the digest of the model that made them."""
    remedy = "name a folder, or an .npz with an array `embeddings`, one row per sample"
    try:
        with np.load(file, allow_pickle=False) as stored:
            found = {name: stored[name] for name in ("embeddings", "names", "model") if name in stored}
    except FileNotFoundError:
        raise BadInput("there is no such folder or file", str(file), remedy) from None
    except Exception as error:  # a damaged file makes numpy raise almost anything
        raise BadInput(f"this is no gallery ({type(error).__name__})", str(file), remedy) from None
    rows = found.get("embeddings", np.empty(0))
    if rows.ndim != 2 or not len(rows) or rows.dtype.kind != "f" or not np.isfinite(rows).all():
        raise BadInput("it holds no finite numbers, n x m, named `embeddings`", str(file), remedy)
    names = found.get("names", np.array([f"row {row}" for row in range(len(rows))]))
    if names.shape != (len(rows),) or names.dtype.kind != "U":
        raise BadInput(f"`names` are not {len(rows)} texts", str(file), "give one per row or leave them out")
    if str(found.get("model", trained.digest)) != trained.digest:
        raise BadInput("another model made these embeddings", str(file), "embed the gallery with this model")
    listed = names.tolist()
    forms = list(trained.forms.values())
    return Gallery(str(file), rows, listed, [""] * len(rows), lambda row: _drawn(listed[row], forms))


def _drawn(name: str, forms: Sequence[Form]) -> Markup:
    """The file of this name as the first of the forms that reads it, nothing where there is none (any more)."""
    file = Path(name)
    for form in forms:
        if file.suffix.lower() in kind(form.kind).suffixes and file.is_file():
            with suppress(BadInput):
                return thumbnail(view_of([read_sample(file, form)], form), 0, SIDE)
    return Markup("")
