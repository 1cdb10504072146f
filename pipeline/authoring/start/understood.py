"""What a folder or table of one's own holds, in sentences: pairs, classes, split, languages."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np

from pipeline.authoring.start.layout import Layout
from pipeline.core.splits import SPLITS
from pipeline.data.base.pairing import ById, by_row, by_stem, check_pairs, find_files
from pipeline.data.base.splits import SHARES, check, classes, hashed
from pipeline.data.base.tables import read_table
from pipeline.samples import base as kinds

SEEN = 500
"""At most so many texts are looked at."""
WORDS = {"train": "training", "valid": "validation", "test": "test"}
SCRIPTS = {"CJK": "Chinese", "HIRAGANA": "Japanese", "KATAKANA": "Japanese", "HANGUL": "Korean"}
"""First word of the Unicode names of a script's letters -> what it is called, where that is not the word itself."""


@dataclass(frozen=True)
class Understood:
    """What was found before any file is read.

    counts: class -> samples; sizes: split -> samples; split_by: what divides them; texts: of the text view, some of
    them, none without such a view.
    """

    layout: Layout
    counts: Mapping[str, int]
    sizes: Mapping[str, int]
    split_by: str
    texts: Sequence[str]

    @property
    def pairs(self) -> int:
        return sum(self.sizes.values())

    def sentences(self) -> list[str]:
        """A line per fact, for a person to see at a glance whether the files were understood."""
        layout, table = self.layout, self.layout.table
        views = " and ".join(layout.views)
        source = f"{layout.folder}" if table is None else f"{table}"
        columns = ", ".join(
            f"{name} = {' + '.join(column) if isinstance(column, list) else column}"
            for name, column in layout.columns.items()
        )
        lines = [f"{source}: {self.pairs:,} pairs of {views}" + (f" ({columns})" if columns else "")]
        most, least = max(self.counts, key=self.counts.__getitem__), min(self.counts, key=self.counts.__getitem__)
        several = {"annotator", "labels"} & set(layout.columns)
        by = "votes of annotators" if several else "column" if "label" in layout.columns else "folder"
        lines.append(
            f"classes, by {by}: {len(self.counts)}, from {self.counts[least]:,} pairs ({least}) to "
            f"{self.counts[most]:,} ({most})"
        )
        lines.append(
            f"split, by {self.split_by}: " + ", ".join(f"{n:,} {WORDS[name]}" for name, n in self.sizes.items())
        )
        if self.texts:
            lines.append(
                f"texts: {fmean(map(len, self.texts)):.0f} characters on average, letters {scripts(self.texts)}"
            )
        if layout.left:
            lines.append("passed over: " + ", ".join(f"{n} files of kind {kind}" for kind, n in layout.left.items()))
        return lines


def understand(layout: Layout) -> Understood:
    """Pair files and rows as dataset `folder` will. Raises BadInput for what it would refuse before it reads a file."""
    filed = {view: place for view, place in layout.views.items() if place is not None}
    files = {view: find_files(layout.folder / place, kinds.kind(view)) for view, place in filed.items()}
    if layout.table is None:
        samples = by_stem(files, str(layout.folder))
    else:
        samples, _ = by_row(read_table(layout.table), layout.columns, len(filed) < len(layout.views))
    check_pairs(samples, files)
    names, labels = classes([sample.label for sample in samples])
    given = [sample.split for sample in samples if sample.split]
    ids = [sample.id for sample in samples]
    split = np.array(given) if given else hashed(ids, SHARES, "params.yaml, load.shares")
    check(labels, split, names, str(layout.folder))
    by = "column" if "split" in layout.columns else "folder" if given else "the hash of each name"
    sizes = Counter(split.tolist())
    texts = [sample.text for sample in samples[:SEEN] if sample.text]
    texts = texts or [path.read_text(encoding="utf-8", errors="replace") for path in _text_files(files)]
    return Understood(
        layout,
        dict(zip(names, np.bincount(labels, minlength=len(names)).tolist(), strict=True)),
        {name: sizes[name] for name in SPLITS if sizes[name]},
        by,
        texts,
    )


def scripts(texts: Sequence[str]) -> str:
    """Shares of the scripts that letters are written in, the largest first; those below 5 % left out."""
    names = Counter(unicodedata.name(letter, "?").split()[0] for text in texts for letter in text if letter.isalpha())
    called: Counter[str] = Counter()
    for word, count in names.items():
        called[SCRIPTS.get(word, word.capitalize())] += count
    total = max(called.total(), 1)
    shares = [f"{name} {count / total:.0%}" for name, count in called.most_common() if count / total >= 0.05]
    return ", ".join(shares) or "none"


def _text_files(files: Mapping[str, ById]) -> list[Path]:
    return [path for view, by_id in files.items() if kinds.kind(view).typed for path in list(by_id.values())[:SEEN]]
