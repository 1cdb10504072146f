"""INRIA-Websearch from the pictures and pages that its authors collected."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np

from pipeline.core.datasets import RawDataset, RawView
from pipeline.core.errors import BadInput
from pipeline.core.progress import Progress
from pipeline.data.base import Dataset
from pipeline.data.base.author_files import AGAIN, needed
from pipeline.data.base.drawn_splits import draw_splits
from pipeline.data.base.mrl_splits import INRIA_WEBSEARCH
from pipeline.data.base.pictures import SHORTER_SIDE, read_square

SIZES, CLASSES = INRIA_WEBSEARCH
LABELS, QUERIES = "labels.txt", "queries_en_trans.txt"
PICTURE = "images/query_{}_document_{}_imagethumb.jpg"
PAGE = "metadata/query_{}_document_{}_textmeta.xml"
REMEDY = (
    f"put {LABELS}, {QUERIES}, images/ and metadata/ of the Web Queries dataset of "
    "lear.inrialpes.fr/~krapac/webqueries into this folder"
)
WORDS = re.compile(r"<(before|after|ptitle|alt)>(.*?)</\1>", re.DOTALL)


class InriaWebsearchRaw(Dataset):
    """Pictures that answer the 100 queries with most relevant ones, and the words around them on their pages.

    The rule of MRL's subset: pairs marked as relevant to their query, of the 100 largest classes. Which pairs the
    authors put where is not published, so train, validation and test are drawn here with seed, class by class in about
    the published proportions, copies of a picture staying together: results are not comparable with a published row.
    image: 256 x 256 x 3 uint8, as of raw Wikipedia; text: ten words before and after the picture, the page's title
    and the picture's alternative text, never the query, which is the class. Pairs without words are left out.
    """

    display = "INRIA-Websearch (raw)"
    task = "image-text"
    source = (
        "Krapac et al., Improving Web Image Search Results Using Query-Relative Classifiers "
        "(lear.inrialpes.fr/~krapac/webqueries)"
    )
    licence = "no licence stated"
    reads = (LABELS, QUERIES, PICTURE.format("*", "*"), PAGE.format("*", "*"))

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.seed = seed

    def load(self, progress: Progress) -> RawDataset:
        listed, translated = needed(self.folder, [LABELS, QUERIES], REMEDY)
        relevant = [(query, document) for query, document, label in _rows(listed) if label == "1"]
        largest = Counter(query for query, _ in relevant).most_common(CLASSES)
        if len(largest) < CLASSES:
            raise BadInput(f"it has relevant pictures of {len(largest)} queries, not {CLASSES}", str(listed), AGAIN)
        names = {query: f"{name} ({query})" for query, name in _rows(translated, 2)}
        classes = sorted((query for query, _ in largest), key=int)
        for query in classes:
            if query not in names:
                raise BadInput(f"it lacks query {query}", str(translated), AGAIN)
        pairs = [pair for pair in relevant if pair[0] in set(classes)]
        texts = {pair: words for pair in pairs if (words := read_page(self._needed(PAGE.format(*pair))))}
        pictures = np.empty((len(texts), SHORTER_SIDE, SHORTER_SIDE, 3), dtype=np.uint8)
        for row, pair in enumerate(texts):
            pictures[row] = read_square(self._needed(PICTURE.format(*pair)))
            progress(row + 1, len(texts))
        labels = np.array([classes.index(query) for query, _ in texts], dtype=np.int64)
        concept = [sha256(picture.tobytes()).hexdigest() for picture in pictures]
        share = len(texts) / sum(SIZES.values())
        split = draw_splits(labels, concept, {name: round(size * share) for name, size in SIZES.items()}, self.seed)
        split[split == ""] = "train"
        return RawDataset(
            ids=[f"{query}-{document}" for query, document in texts],
            views={"image": RawView("image", pictures), "text": RawView("text", list(texts.values()))},
            labels=labels,
            split=split,
            concept=concept,
            class_names=[names[query] for query in classes],
        )

    def _needed(self, name: str) -> Path:
        return needed(self.folder, [name], REMEDY)[0]


def read_page(file: Path) -> str:
    """The words of a page that stand near a picture, one blank between them, '' where there are none."""
    content = file.read_text(encoding="utf-8", errors="replace")
    return " ".join(" ".join(html.unescape(part) for _, part in WORDS.findall(content)).split())


def _rows(file: Path, columns: int = 3) -> Iterator[list[str]]:
    """The lines of a table of numbers; the last column may hold blanks."""
    for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        cells = line.split(maxsplit=columns - 1)
        if not cells:
            continue
        if len(cells) != columns or not all(cell.isdecimal() for cell in cells[: max(1, columns - 1)]):
            raise BadInput(f"it does not have {columns} columns", f"{file}, line {number}", AGAIN)
        yield cells
