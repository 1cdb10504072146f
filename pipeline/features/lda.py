"""Topics of texts."""

from __future__ import annotations

from typing import Annotated, Self

import numpy as np
import torch
from pydantic import Field, PositiveInt
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.feature_extraction.text import CountVectorizer

from pipeline.core.errors import BadInput
from pipeline.core.progress import Progress, quiet
from pipeline.core.seeds import torch_seed
from pipeline.core.splits import Array
from pipeline.features.base import Extractor
from pipeline.features.base.state import State
from pipeline.samples.base import Samples

MIN_TEXTS = 2
"""Training texts in which a word must occur to be counted."""
TOPICS = ("components_", "exp_dirichlet_component_")
"""What scikit-learn's model has learned of the topics, topics x words each."""


class LDA(Extractor):
    """Latent Dirichlet allocation (Blei, Ng and Jordan, JMLR 2003): n texts -> n x topics float32, rows sum to 1.

    A feature is the expected share of a topic in a text. The topics come from the training texts by variational
    Bayes over all of them in every iteration, with the priors 1/topics for shares and words. Words have two letters
    or digits at least, English stop words are dropped, the max_vocabulary most frequent ones are kept. A text without
    a known word has equal shares.
    """

    display = "LDA"
    accepts = frozenset({"text"})

    def __init__(
        self, topics: Annotated[int, Field(ge=2)], iterations: PositiveInt, max_vocabulary: PositiveInt
    ) -> None:
        self.topics = topics
        self.iterations = iterations
        self.max_vocabulary = max_vocabulary

    def fit(self, samples: Samples, seed: int) -> Self:
        self.words_ = CountVectorizer(
            token_pattern=r"[^\W_]{2,}", stop_words="english", min_df=MIN_TEXTS, max_features=self.max_vocabulary
        )
        try:
            counts = self.words_.fit_transform(samples)
        except ValueError:
            raise BadInput(
                f"no word except stop words occurs in {MIN_TEXTS} of the {len(samples)} training texts",
                self.title,
                "give it longer texts or more of them",
            ) from None
        self.model_ = LatentDirichletAllocation(
            self.topics,
            learning_method="batch",
            max_iter=self.iterations,
            random_state=torch_seed(seed, "lda") % 2**32,
        ).fit(counts)
        return self

    def transform(self, samples: Samples, device: torch.device, progress: Progress) -> Array:
        features = np.empty((len(samples), self.topics), dtype=np.float32)
        for row, text in enumerate(samples):
            features[row] = self.model_.transform(self.words_.transform([text]))[0]
            progress(row + 1, len(samples))
        return features

    def state(self) -> State:
        model, counting = self.model_, self.words_.get_params()
        arrays = {name: getattr(model, name) for name in TOPICS}
        numbers = {name: counting[name] for name in ("token_pattern", "stop_words")}
        return State(arrays, self.words_.get_feature_names_out().tolist(), numbers | {"prior": model.doc_topic_prior_})

    def restore(self, stored: State) -> Self:
        numbers, words = dict(stored.numbers), list(stored.words)
        model = LatentDirichletAllocation(self.topics)
        model.doc_topic_prior_ = numbers.pop("prior")
        for name in TOPICS:
            setattr(model, name, stored.array(name, (self.topics, len(words)), np.float64, self.title))
        model.n_features_in_ = len(words)
        self.model_, self.words_ = model, CountVectorizer(vocabulary=words, **numbers)
        self.transform([""], torch.device("cpu"), quiet)  # scikit-learn checks when it is used
        return self

    def vocabulary(self) -> frozenset[str]:
        return frozenset(self.words_.get_feature_names_out().tolist())
