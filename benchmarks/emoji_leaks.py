"""How far emoji's texts give away the labels, without and with the rule on class words and the families.

    OMP_NUM_THREADS=1 python -m benchmarks.emoji_leaks

Prints the removed words, then per seed of the split: the accuracy of a linear classifier on the test texts' words,
trained on train texts with true labels; the share of test texts with a word that in train is at least 95 % pure; the
share of test texts with a near copy in train; the MAP of random rankings of the test split. Last come the flags of one
test split: how many are recognised, and how many hold no train word. No file is written.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from pipeline.core.datasets import RawDataset
from pipeline.core.splits import Array
from pipeline.data.base.class_words import class_words
from pipeline.data.emoji import Emoji

SEEDS = (0, 1, 2)
PURE, AT_LEAST = 0.95, 3
"""A pure word: this share of its train texts is of one class, and at least so many train texts hold it."""
NEAR = 0.9
"""Cosine of two texts as binary bags of words, above which one is a near copy of the other."""


def accuracy(words: Array, labels: Array, train: Array, test: Array) -> float:
    """Share of test texts whose class logistic regression on words (n x d, 0 or 1) names."""
    model = LogisticRegression(max_iter=1000).fit(words[train], labels[train])
    return float(model.score(words[test], labels[test]))


def pure_word(words: Array, labels: Array, train: Array, test: Array) -> float:
    """Share of test texts that hold a word which is pure in train."""
    by_class = np.stack([words[train & (labels == label)].sum(axis=0) for label in np.unique(labels)])
    counts = by_class.sum(axis=0)
    pure = (counts >= AT_LEAST) & (by_class.max(axis=0) >= PURE * counts)
    return float((words[test][:, pure].sum(axis=1) > 0).mean())


def near_copy(words: Array, labels: Array, train: Array, test: Array) -> float:
    """Share of test texts with a train text at a cosine above NEAR."""
    unit = words / np.linalg.norm(words, axis=1, keepdims=True)
    return float(((unit[test] @ unit[train].T).max(axis=1) > NEAR).mean())


def chance_map(words: Array, labels: Array, train: Array, test: Array) -> float:
    """Mean over test samples of the expected AP of a random ranking of all n test samples, exactly.

    R of them are of the query's class. The item at rank k is relevant with probability R / n; then 1 + (k - 1)
    (R - 1) / (n - 1) of the first k are expected to be, so that E[AP] is the mean over k of that number over k.
    """
    n = int(test.sum())
    relevant = np.bincount(labels[test])[labels[test]]
    harmonic = (1 / np.arange(1, n + 1)).sum()
    return float(((harmonic + (relevant - 1) / (n - 1) * (n - harmonic)) / n).mean())


MEASURES: dict[str, Callable[[Array, Array, Array, Array], float]] = {
    "accuracy of a bag of words": accuracy,
    f"test texts with a word of purity >= {PURE:g}": pure_word,
    f"test texts with a train text at cosine > {NEAR:g}": near_copy,
    "MAP of random rankings": chance_map,
}


def bags(raw: RawDataset) -> tuple[Array, Array, Array, Array]:
    """Texts as n x d float32, 1 where a text holds a word; their class indices; which are train; which are test."""
    vectorizer = CountVectorizer(binary=True, token_pattern=r"\S+")
    words = vectorizer.fit_transform(raw.views["text"].samples).toarray().astype(np.float32)
    return words, raw.labels, raw.split == "train", raw.split == "test"


def print_flags(raw: RawDataset) -> None:
    """Test flags: how many the classifier recognises, how many other texts it calls flags, and texts new to train."""
    words, labels, train, test = bags(raw)
    model = LogisticRegression(max_iter=1000).fit(words[train], labels[train])
    flag = raw.class_names.index("Flags")
    flags, called = labels[test] == flag, model.predict(words[test]) == flag
    new = ~words[test][:, words[train].any(axis=0)].any(axis=1)
    unknown = raw.class_names[int(model.predict(np.zeros_like(words[:1]))[0])]
    print(f"{flags.sum()} flags, {(flags & called).sum()} recognised, {(~flags & called).sum()} others called Flags;")
    print(f"{(flags & new).sum()} flags and {(~flags & new).sum()} others without a train word, called {unknown}")


def splits(rule: bool, families: bool) -> list[tuple[Array, Array, Array, Array]]:
    """The texts in the split of each seed."""
    return [bags(loaded(seed, rule=rule, families=families)) for seed in SEEDS]


def loaded(seed: int, *, rule: bool, families: bool) -> RawDataset:
    return Emoji(seed=seed).build(lambda done, total: None, rule=rule, families=families)


def print_words(raw: RawDataset) -> None:
    """The words that the rule takes from these texts, by class, the most frequent first."""
    words = class_words([str(text) for text in raw.views["text"].samples], raw.labels)
    print("| class | word | purity | share of the class's texts |\n|---|---|---|---|")
    for word, (label, purity, share) in sorted(words.items(), key=lambda item: (item[1][0], -item[1][2], item[0])):
        print(f"| {raw.class_names[label]} | {word} | {purity:.3f} | {share:.3f} |")
    print(f"\n{len(words)} words\n")


def main() -> None:
    print_words(loaded(SEEDS[0], rule=False, families=False))
    settings = {"before": (False, False), "families alone": (False, True), "rule alone": (True, False)}
    settings["after"] = (True, True)
    values = {
        name: np.array([[measure(*split) for measure in MEASURES.values()] for split in splits(rule, families)])
        for name, (rule, families) in settings.items()
    }
    print(f"| measure | seed | {' | '.join(values)} |\n|---|---|{'---|' * len(values)}")
    for column, measure in enumerate(MEASURES):
        for row, seed in enumerate(SEEDS):
            print(f"| {measure} | {seed} | {' | '.join(f'{each[row, column]:.3f}' for each in values.values())} |")
        means = " | ".join(f"{each[:, column].mean():.3f}" for each in values.values())
        print(f"| {measure} | mean | {means} |")
    for name, switch in (("before", False), ("after", True)):
        print(f"\nFlags in the test split, seed {SEEDS[0]}, {name}:")
        print_flags(loaded(SEEDS[0], rule=switch, families=switch))


if __name__ == "__main__":
    main()
