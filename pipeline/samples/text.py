"""Texts in any language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from markupsafe import Markup

from pipeline.core.errors import BadInput
from pipeline.samples.base import Fault, Kind, RngFor, Samples
from pipeline.samples.base.stored import AGAIN, read_json, write_json

LONGEST = 160
"""Characters of a text on a thumbnail."""
REPLACEMENT = "\ufffd"
MOJIBAKE = re.compile("[ÂÃ][\u0080-\u00bf]|â(?:€|\u0080)|ð(?:Ÿ|\u009f)")
"""First bytes of UTF-8 sequences, and what follows them, as Latin-1 or Windows-1252 show them: 'Ã©', 'â€™', 'ðŸ'."""
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Control characters but tab and line ends."""


class Text(Kind):
    """n strings, stored as a JSON list."""

    display = "text"
    plural = "texts"
    suffixes = frozenset({".txt"})
    axes = (0,)
    extension = ".json"
    typed = True
    shape: tuple[int, ...] = ()

    def read(self, file: Path, shape: tuple[int, ...], rng_for: RngFor) -> str:
        try:
            text = file.read_text(encoding="utf-8-sig").strip()
        except UnicodeDecodeError:
            raise BadInput("it is not in UTF-8", str(file), "save it as UTF-8") from None
        if not text:
            raise BadInput("the text is empty", str(file), "write one or remove the pair")
        return text

    def gather(self, samples: Iterable[str], count: int) -> list[str]:
        return list(samples)

    def write(self, samples: Samples, file: Path) -> None:
        write_json(file, list(samples))

    def load(self, file: Path) -> list[str]:
        texts = read_json(file)
        if not (isinstance(texts, list) and all(isinstance(text, str) for text in texts)):
            raise BadInput("the file is not a list of texts", str(file), AGAIN)
        return texts

    def misfit(self, samples: Samples) -> str:
        return "" if all(isinstance(text, str) for text in samples) else "its samples are not all texts"

    def faults(self, samples: Samples) -> Iterator[Fault]:
        """Empty texts and those that were read in the wrong encoding."""
        again = "read the source again as UTF-8"
        checks: list[tuple[str, Callable[[str], object], str]] = [
            ("the text is empty", lambda text: not text.strip(), "write one or drop the pair"),
            ("the text has replacement characters (U+FFFD)", lambda text: REPLACEMENT in text, again),
            ("the text is UTF-8 that was read as something else", MOJIBAKE.search, again),
            ("the text has control characters", CONTROL.search, "remove them"),
        ]
        for problem, is_faulty, remedy in checks:
            yield Fault(problem, np.array([bool(is_faulty(text)) for text in samples]), remedy)

    def thumbnail(self, sample: str, row: int, side: int) -> Markup:
        """The first words."""
        words = sample if len(sample) <= LONGEST else sample[:LONGEST].rsplit(" ", 1)[0] + " …"
        return Markup('<p class="words">{}</p>').format(words)
