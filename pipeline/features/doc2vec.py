"""Paragraph vectors of short texts."""

from __future__ import annotations

from collections import Counter
from typing import Self
from zlib import crc32

import numpy as np
import torch
from gensim.models.doc2vec import Doc2Vec, TaggedDocument
from gensim.models.doc2vec_inner import train_document_dbow
from pydantic import PositiveInt

from pipeline.core.errors import BadInput
from pipeline.core.progress import Progress
from pipeline.core.seeds import generator
from pipeline.core.splits import Array
from pipeline.features.base import Extractor
from pipeline.features.base.state import State, damaged
from pipeline.features.base.words import words
from pipeline.samples.base import Samples

ALPHA, MIN_ALPHA = 0.025, 0.0001
NEGATIVE = 5
MIN_COUNT = 2


def _stable_hash(text: str) -> int:
    """Unlike hash(), the same in every process."""
    return crc32(text.encode())


class Doc2VecFeatures(Extractor):
    """PV-DBOW (Le and Mikolov, ICML 2014): n texts -> n x dimension float32.

    Words, in any language, are those of pipeline/features/base/words.py: in scripts without spaces every character and
    every pair of neighbours is one. Trained on the training texts; then every text, the training texts too, is inferred
    against the frozen words, its start and its negative samples drawn from a generator of its own (fit's seed, its
    words). gensim's own infer_vector starts from Python's hash(), which changes from process to process.
    """

    display = "Doc2Vec"
    accepts = frozenset({"text"})
    batch_size = 1

    def __init__(self, dimension: PositiveInt, epochs: PositiveInt) -> None:
        self.dimension = dimension
        self.epochs = epochs

    def fit(self, samples: Samples, seed: int) -> Self:
        documents = [TaggedDocument(words(text), [row]) for row, text in enumerate(samples)]
        if not self.learnable(samples):
            raise BadInput(
                f"no word occurs {MIN_COUNT} times in the {len(documents)} training texts",
                self.title,
                "give it longer texts or more of them",
            )
        self.model_ = Doc2Vec(
            documents,
            dm=0,
            vector_size=self.dimension,
            epochs=self.epochs,
            negative=NEGATIVE,
            min_count=MIN_COUNT,
            alpha=ALPHA,
            min_alpha=MIN_ALPHA,
            workers=1,
            seed=seed,
            hashfxn=_stable_hash,
        )
        self.seed_ = seed
        return self

    def transform(self, samples: Samples, device: torch.device, progress: Progress) -> Array:
        features = np.empty((len(samples), self.dimension), dtype=np.float32)
        for row, text in enumerate(samples):
            features[row] = self._infer(words(text))
            progress(row + 1, len(samples))
        return features

    def state(self) -> State:
        """Inference reads the output weights, the tables of both samplings and the vocabulary, no other vector."""
        model = self.model_
        arrays = {"syn1neg": model.syn1neg, "cum_table": model.cum_table, "sample_int": model.wv.expandos["sample_int"]}
        numbers = {"seed": self.seed_, "negative": model.negative, "sample": model.sample}
        return State(arrays, model.wv.index_to_key, numbers)

    def restore(self, stored: State) -> Self:
        """gensim's C code trusts the arrays, so that they are checked here."""
        numbers, known = stored.numbers, list(stored.words)
        model = Doc2Vec(
            dm=0, vector_size=self.dimension, negative=numbers["negative"], sample=numbers["sample"], workers=1
        )
        model.wv.index_to_key = known
        model.wv.key_to_index = {word: index for index, word in enumerate(known)}
        model.wv.expandos["sample_int"] = stored.array("sample_int", (len(known),), np.uint32, self.title)
        model.wv.vectors_lockf = np.ones(1, dtype=np.float32)
        model.cum_table = stored.array("cum_table", (len(known),), np.uint32, self.title)
        model.syn1neg = stored.array("syn1neg", (len(known), self.dimension), np.float32, self.title)
        if not known or not model.cum_table[-1]:
            raise damaged("cum_table", self.title)
        self.model_, self.seed_ = model, int(numbers["seed"])
        return self

    def words(self, text: str) -> list[str]:
        return words(text)

    def learnable(self, texts: Samples) -> frozenset[str]:
        counts = Counter(word for text in texts for word in words(text))
        return frozenset(word for word, count in counts.items() if count >= MIN_COUNT)

    def vocabulary(self) -> frozenset[str]:
        return frozenset(self.model_.wv.key_to_index)

    def _infer(self, document: list[str]) -> Array:
        """The vector (dimension, float32) that predicts the words of one text best."""
        draw = generator(self.seed_, "doc2vec", *document)
        vector = (draw.random((1, self.dimension), dtype=np.float32) - 0.5) / self.dimension
        self.model_.random.seed(int(draw.integers(2**32)))
        work = np.zeros(self.dimension, dtype=np.float32)
        free = np.ones(1, dtype=np.float32)
        for alpha in np.linspace(ALPHA, MIN_ALPHA, self.epochs):
            train_document_dbow(
                self.model_,
                document,
                [0],
                alpha,
                work,
                learn_words=False,
                learn_hidden=False,
                doctag_vectors=vector,
                doctags_lockf=free,
            )
        row: Array = vector[0]
        return row
