"""Search: a query against a gallery, both embedded by a trained method, ranked by cosine similarity."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core.errors import BadInput
from pipeline.core.files import write_text
from pipeline.core.progress import Progress, quiet
from pipeline.core.splits import Array
from pipeline.explore.search.galleries import Note, open_gallery
from pipeline.explore.search.gallery import SIDE, Gallery
from pipeline.explore.search.loaded_run import LoadedRun
from pipeline.explore.search.stored_gallery import writing
from pipeline.explore.search.user_input import Query, read_query
from pipeline.explore.sheet import render
from pipeline.reporting.results.report_scope import noise_words
from pipeline.retrieval.nearest import unit
from pipeline.samples.base import thumbnail

LARGE = 200_000
"""Samples from which on faiss ranks where it is installed."""
BLOCK = 4096
"""Rows that are made unit vectors at a time."""
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
    """A question to a gallery.

    query: a file or words; view: the query's; gallery: a folder of files, an .npz, None for the dataset's test split;
    into: the gallery's view; k: how many are wanted; faiss: rank with it however small the gallery is.
    """

    query: str
    view: str | None
    gallery: Path | None
    into: str | None
    k: int
    faiss: bool


@dataclass(frozen=True)
class SearchResult:
    """A query and what was found for it, the best hit first."""

    query: Query
    gallery: Gallery
    hits: Sequence[Hit]


def search(loaded: LoadedRun, request: Request, note: Note, progress: Progress) -> SearchResult:
    """The most similar samples of the gallery, the best first.

    note: called with each sentence that a person should read; progress: called as a folder is embedded.
    """
    query = read_query(request.query, loaded.forms, request.view)
    _note_unknown_words(loaded, query, note)
    wanted = loaded.embed(query.view, query.sample.samples, quiet)[0]
    gallery = open_gallery(request.gallery, loaded, query.view, request.into, note, progress)
    if request.k > len(gallery.names):
        note(f"{request.k} samples are wanted and the gallery has {len(gallery.names)}: all are shown.")
    if wanted.shape != gallery.embeddings.shape[1:]:
        problem = f"its rows have {gallery.embeddings.shape[1]} numbers, the method gives {len(wanted)}"
        raise BadInput(problem, gallery.title, "embed the gallery with this model")
    if request.faiss or len(gallery.names) > LARGE:
        rows, similarities = by_faiss(wanted, gallery.embeddings, request.k, request.faiss, note)
    else:
        rows, similarities = exact(wanted, gallery.embeddings, request.k)
    hits = [
        Hit(rank, similarity, gallery.names[row], gallery.classes[row], row)
        for rank, (row, similarity) in enumerate(zip(rows.tolist(), similarities.tolist(), strict=True), start=1)
    ]
    return SearchResult(query, gallery, hits)


def _note_unknown_words(loaded: LoadedRun, query: Query, note: Note) -> None:
    extractor = loaded.extractor(query.view)
    known = extractor.vocabulary()
    if known is None:
        return
    words = extractor.words(query.sample.samples[0])
    unknown = [word for word in dict.fromkeys(words) if word not in known]
    if len(unknown) == len(set(words)):
        note("None of the words occurs often enough in the training texts to be known: what is found is chance.")
    elif unknown:
        note(f"Not known from the training texts, so that they count for nothing: {', '.join(unknown)}.")


def exact(query: Array, gallery: Array, k: int) -> tuple[Array, Array]:
    """Rows and cosine similarities of the k most similar; a zero row has similarity 0, ties keep the order of rows."""
    similarities = np.concatenate([block @ unit(query[None])[0] for block in _units(gallery)])
    rows: Array = np.argsort(-similarities, kind="stable")[:k]
    return rows, similarities[rows]


def by_faiss(query: Array, gallery: Array, k: int, asked: bool, note: Note) -> tuple[Array, Array]:
    """As `exact`, by faiss. asked: whether a missing faiss raises BadInput, where else NumPy ranks."""
    try:
        faiss: Any = importlib.import_module("faiss")
    except ImportError:
        if asked:
            raise BadInput("it is not installed", "faiss", INSTALL) from None
        note(f"Ranked with numpy: from {LARGE} samples on faiss does it where it is there; {INSTALL}.")
        return exact(query, gallery, k)
    note("Ranked with faiss, IndexFlatIP: every sample is compared, nothing is approximated.")
    index = faiss.IndexFlatIP(gallery.shape[1])
    for block in _units(gallery):
        index.add(block.astype(np.float32))
    similarities, rows = index.search(unit(query[None]).astype(np.float32), min(k, len(gallery)))
    return rows[0], similarities[0]


def _units(gallery: Array) -> Iterator[Array]:
    """Its rows as unit vectors in float64, in blocks, so that no second copy of a large gallery is needed."""
    return (unit(gallery[start : start + BLOCK]) for start in range(0, len(gallery), BLOCK))


def table(hits: Sequence[Hit]) -> str:
    """The hits as lines for the terminal."""
    width = max(len("name"), *(len(hit.name) for hit in hits))
    lines = [f"{'rank':>4}  {'similarity':>10}  {'name':<{width}}  class"]
    lines += [f"{hit.rank:>4}  {hit.similarity:>10.4f}  {hit.name:<{width}}  {hit.class_name}" for hit in hits]
    return "\n".join(line.rstrip() for line in lines).encode("utf-8", "backslashreplace").decode()


def write_sheet(file: Path, loaded: LoadedRun, result: SearchResult) -> None:
    """The hits as an HTML file that needs no network."""
    text = render(
        "search/search.html.j2",
        query=result.query,
        drawn=thumbnail(result.query.sample, 0, SIDE),
        method=loaded.method.display,
        key=loaded.key,
        noise=loaded.key.noise and noise_words(loaded.key.noise),
        gallery=result.gallery,
        hits=[(hit, result.gallery.draw(hit.row)) for hit in result.hits],
    )
    with writing(file):
        write_text(file, text)
