"""Paragraph vectors of short texts."""

from __future__ import annotations

import re
from collections import Counter
from typing import Self
from zlib import crc32

import numpy as np
import torch
from gensim.models.doc2vec import Doc2Vec, TaggedDocument
from gensim.models.doc2vec_inner import train_document_dbow
from pydantic import PositiveInt

from pipeline.core.errors import BadInput
from pipeline.core.seeds import generator
from pipeline.core.splits import Array
from pipeline.features.base import Extractor, Progress, Samples

ALPHA, MIN_ALPHA = 0.025, 0.0001
NEGATIVE = 5
MIN_COUNT = 2


def _tokens(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())


def _stable_hash(text: str) -> int:
    """Unlike hash(), the same in every process."""
    return crc32(text.encode())


class Doc2VecFeatures(Extractor):
    """PV-DBOW (Le and Mikolov, ICML 2014): n texts -> n x dimension float32.

    Trained on the training texts; then every text, the training texts too, is inferred against the frozen
    words, its start and its negative samples drawn from a generator of its own (fit's seed, its words).
    gensim's own infer_vector starts from Python's hash(), which changes from process to process.
    """

    display = "Doc2Vec"
    accepts = frozenset({"text"})
    batch_size = 1

    def __init__(self, dimension: PositiveInt, epochs: PositiveInt) -> None:
        self.dimension = dimension
        self.epochs = epochs

    def fit(self, samples: Samples, seed: int) -> Self:
        documents = [TaggedDocument(_tokens(text), [row]) for row, text in enumerate(samples)]
        counts = Counter(word for document in documents for word in document.words)
        if not counts or max(counts.values()) < MIN_COUNT:
            raise BadInput(
                f"no word occurs {MIN_COUNT} times in the {len(documents)} training texts",
                f"extractor '{self.display}'",
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
            features[row] = self._infer(_tokens(text))
            progress(row + 1, len(samples))
        return features

    def _infer(self, words: list[str]) -> Array:
        """The vector (dimension, float32) that predicts the words of one text best."""
        draw = generator(self.seed_, "doc2vec", *words)
        vector = (draw.random((1, self.dimension), dtype=np.float32) - 0.5) / self.dimension
        self.model_.random.seed(int(draw.integers(2**32)))
        work = np.zeros(self.dimension, dtype=np.float32)
        free = np.ones(1, dtype=np.float32)
        for alpha in np.linspace(ALPHA, MIN_ALPHA, self.epochs):
            train_document_dbow(
                self.model_,
                words,
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
