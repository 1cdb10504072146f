"""Search: a query against a gallery, both embedded by a trained method, ranked by cosine similarity."""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.contract import Array
from pipeline.errors import BadInput
from pipeline.features.base import Progress
from pipeline.gallery.fitted import vocabulary
from pipeline.gallery.galleries import SIDE, Gallery, Note, open_gallery, written
from pipeline.gallery.reading import Query, read_query
from pipeline.gallery.sheet import render
from pipeline.gallery.thumbnails import thumbnail
from pipeline.gallery.trained import Trained

LARGE = 200_000
"""Samples from which on faiss ranks where it is installed."""
INSTALL = "install it with `pip install '.[search]'`"


@dataclass(frozen=True)
class Hit:
    """A sample of the gallery, rank 1 the most similar."""

    rank: int
    similarity: float
    name: str
    class_name: str
    row: int


@dataclass(frozen=True)
class Request:
    """query: a file or words; view: the query's; gallery: a folder of files, an .npz, None for the dataset's test
    split; into: the gallery's view; k: how many are wanted; faiss: rank with it however small the gallery is."""

    query: str
    view: str | None
    gallery: Path | None
    into: str | None
    k: int
    faiss: bool


@dataclass(frozen=True)
class Found:
    query: Query
    gallery: Gallery
    hits: Sequence[Hit]


def search(trained: Trained, request: Request, note: Note, progress: Progress) -> Found:
    """The most similar samples of the gallery, the best first. note: told what a person should know; progress: called
    as a folder is embedded."""
    query = read_query(request.query, trained.forms, request.view)
    _note_unknown_words(trained, query, note)
    wanted = trained.embed(query.view, query.sample.samples, lambda done, total: None)[0]
    gallery = open_gallery(request.gallery, trained, query.view, request.into, note, progress)
    if request.k > len(gallery.names):
        note(f"{request.k} samples are wanted and the gallery has {len(gallery.names)}: all are shown.")
    if wanted.shape != gallery.embeddings.shape[1:]:
        what = f"its rows have {gallery.embeddings.shape[1]} numbers, the method gives {len(wanted)}"
        raise BadInput(what, gallery.what, "embed the gallery with this model")
    if request.faiss or len(gallery.names) > LARGE:
        rows, similarities = by_faiss(wanted, gallery.embeddings, request.k, request.faiss, note)
    else:
        rows, similarities = exact(wanted, gallery.embeddings, request.k)
    hits = [
        Hit(rank, similarity, gallery.names[row], gallery.classes[row], row)
        for rank, (row, similarity) in enumerate(zip(rows.tolist(), similarities.tolist(), strict=True), start=1)
    ]
    return Found(query, gallery, hits)


def _note_unknown_words(trained: Trained, query: Query, note: Note) -> None:
    known = vocabulary(trained.fitted(query.view))
    if known is None:
        return
    words = re.findall(r"[^\W_]+", query.sample.samples[0].lower())
    unknown = [word for word in dict.fromkeys(words) if word not in known]
    if len(unknown) == len(set(words)):
        note("None of the words occurs often enough in the training texts to be known: what is found is chance.")
    elif unknown:
        note(f"Not known from the training texts, so that they count for nothing: {', '.join(unknown)}.")


def exact(query: Array, gallery: Array, k: int) -> tuple[Array, Array]:
    """Rows and cosine similarities of the k most similar; a zero row has similarity 0, ties keep the order of rows."""
    lengths = np.sqrt(np.einsum("nm,nm->n", gallery, gallery)) * np.linalg.norm(query)
    similarities = np.divide(gallery @ query, lengths, out=np.zeros(len(gallery), gallery.dtype), where=lengths > 0)
    rows: Array = np.argsort(-similarities, kind="stable")[:k]
    return rows, similarities[rows]


def by_faiss(query: Array, gallery: Array, k: int, asked: bool, note: Note) -> tuple[Array, Array]:
    try:
        faiss: Any = importlib.import_module("faiss")
    except ImportError:
        if asked:
            raise BadInput("it is not installed", "faiss", INSTALL) from None
        note(f"Ranked with numpy: from {LARGE} samples on faiss does it where it is there; {INSTALL}.")
        return exact(query, gallery, k)
    note("Ranked with faiss, IndexFlatIP: every sample is compared, nothing is approximated.")
    rows, asking = np.array(gallery, dtype=np.float32), np.array(query[None], dtype=np.float32)
    faiss.normalize_L2(rows)
    faiss.normalize_L2(asking)
    index = faiss.IndexFlatIP(rows.shape[1])
    index.add(rows)
    similarities, found = index.search(asking, min(k, len(rows)))
    return found[0], similarities[0]


def table(hits: Sequence[Hit]) -> str:
    """The hits as lines for the terminal."""
    width = max(len("name"), *(len(hit.name) for hit in hits))
    lines = [f"{'rank':>4}  {'similarity':>10}  {'name':<{width}}  class"]
    lines += [f"{hit.rank:>4}  {hit.similarity:>10.4f}  {hit.name:<{width}}  {hit.class_name}" for hit in hits]
    return "\n".join(line.rstrip() for line in lines)


def write_sheet(file: Path, trained: Trained, found: Found) -> None:
    """The hits as an HTML file that needs no network."""
    text = render(
        "search.html.j2",
        query=found.query,
        drawn=thumbnail(found.query.sample, 0, SIDE),
        method=trained.method.display,
        key=trained.key,
        gallery=found.gallery,
        hits=[(hit, found.gallery.draw(hit.row)) for hit in found.hits],
    )
    written(file, lambda: file.write_text(text, encoding="utf-8"))
