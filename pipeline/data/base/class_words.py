"""Words that are as good as labels, because they stand in texts of one class alone and in many of these."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from pipeline.core.errors import BadInput
from pipeline.core.splits import Array

PURITY = 0.9
"""Share of the texts with a class word that are of its class, at least. At .8, "blue" and "photo" would go."""
SHARE = 0.1
"""Share of a class's texts that hold its class word, at least. At .05, "island", "bread" and "poker" would go."""


def class_words(
    texts: Sequence[str], labels: Array, purity: float = PURITY, share: float = SHARE
) -> dict[str, tuple[int, float, float]]:
    """Class word -> its class, purity (of n texts with it, the share of that class) and share of that class's texts.

    texts: n; labels: n class indices. One pass suffices: removing a word changes the counts of no other.
    """
    sizes = np.bincount(labels)
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    for text, label in zip(texts, labels.tolist(), strict=True):
        for word in set(text.split()):
            counts[word][label] += 1
    words = {}
    for word, count in counts.items():
        label, in_class = count.most_common(1)[0]
        if in_class >= purity * count.total() and in_class >= share * sizes[label]:
            words[word] = (label, in_class / count.total(), float(in_class / sizes[label]))
    return words


def without(texts: Sequence[str], words: Iterable[str]) -> list[str]:
    """The texts without these words; a text of nothing else stops the dataset, for no sample may lack a view."""
    removed = frozenset(words)
    left = [" ".join(word for word in text.split() if word not in removed) for text in texts]
    if "" in left:
        place = f"the text {texts[left.index('')]!r}"
        raise BadInput("it holds class words alone", place, "raise PURITY or SHARE in data/base/class_words.py")
    return left
