"""An embedded gallery in an .npz file, so that a large folder is embedded once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np

from pipeline.core.errors import BadInput
from pipeline.core.files import atomic_write
from pipeline.explore.search.gallery import Gallery, drawn_file
from pipeline.explore.search.loaded_run import LoadedRun


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
    """Write embeddings, names and the digest of the model that made them, for read."""
    check(file)
    arrays = {"embeddings": gallery.embeddings, "names": np.array(gallery.names), "model": np.array(loaded.digest)}
    with writing(file), atomic_write(file) as content:
        np.savez(content, allow_pickle=False, **arrays)


@contextmanager
def writing(file: Path) -> Iterator[None]:
    """Raise BadInput for a file that cannot be written there."""
    try:
        yield
    except OSError as error:
        raise BadInput(f"it cannot be written ({type(error).__name__})", str(file), "choose another place") from None


def read(loaded: LoadedRun, file: Path) -> Gallery:
    """The gallery of a file with embeddings (n x m) and, if it has them, names and the digest of their model.

    Raises BadInput for other files and for the embeddings of another model.
    """
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
    return Gallery(str(file), rows, listed, [""] * len(rows), lambda row: drawn_file(listed[row], forms))
