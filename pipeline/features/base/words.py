"""The words of a text in any language."""

from __future__ import annotations

import re
from itertools import pairwise
from unicodedata import category, normalize

UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Myanmar, Khmer
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"  # Hiragana, Katakana and what repeats or stands for a Han character
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
)
"""Code points of scripts that put no spaces between words."""
MARKS = "".join(
    chr(code)
    for code in range(0x300, 0x20000)
    if category(chr(code)) in ("Mn", "Mc") and not 0xFE00 <= code <= 0xFE0F  # variation selectors: how an emoji looks
)
"""Accents, vowel signs and the like, which belong to the letter before them: no word ends there."""
LETTER = f"[^\\W_][{MARKS}]*"
"""A letter or digit with its marks."""
WORDS = re.compile(f"(?:(?![{UNSPACED}]){LETTER})+|(?:(?=[{UNSPACED}]){LETTER})+")
CHARACTERS = re.compile(LETTER)
IN_UNSPACED = re.compile(f"[{UNSPACED}]")


def words(text: str) -> list[str]:
    """Runs of letters and digits, in lower case and Unicode's form NFKC; in order, with repeats.

    Scripts without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese) are read as all their characters and all pairs
    of neighbours, as search engines index them: no dictionary is needed.
    """
    runs = WORDS.findall(normalize("NFKC", text).lower())
    return [word for run in runs for word in (_characters_and_pairs(run) if unspaced(run[0]) else [run])]


def unspaced(character: str) -> bool:
    """Whether it belongs to a script without spaces."""
    return IN_UNSPACED.match(character) is not None


def _characters_and_pairs(run: str) -> list[str]:
    characters = CHARACTERS.findall(run)
    return [*characters, *map("".join, pairwise(characters))]
