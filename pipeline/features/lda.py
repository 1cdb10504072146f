"""Topics of texts."""

from __future__ import annotations

from typing import Annotated, Self

import numpy as np
import torch
from pydantic import Field, PositiveInt
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

from pipeline.core.errors import BadInput
from pipeline.core.progress import Progress, quiet
from pipeline.core.seeds import torch_seed
from pipeline.core.splits import Array
from pipeline.features.base import Extractor
from pipeline.features.base.state import State
from pipeline.features.base.words import unspaced, words
from pipeline.samples.base import Samples

MIN_TEXTS = 2
"""Training texts in which a word must occur to be counted."""
TOPICS = ("components_", "exp_dirichlet_component_")
"""What scikit-learn's model has learned of the topics, topics x words each."""


class LDA(Extractor):
    """Latent Dirichlet allocation (Blei, Ng and Jordan, JMLR 2003): n texts -> n x topics float32, rows sum to 1.

    A feature is the expected share of a topic in a text. The topics come from the training texts by variational
    Bayes over all of them in every iteration, with the priors 1/topics for shares and words. Words, in any language,
    are those of pipeline/features/base/words.py: in scripts without spaces every character and every pair of neighbours
    is one, elsewhere they have two letters or digits at least. English stop words are dropped, the max_vocabulary most
    frequent words are kept. A text without a known word has equal shares.
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
        known = self.learnable(samples)
        if not known:
            raise BadInput(
                f"no word except stop words occurs in {MIN_TEXTS} of the {len(samples)} training texts",
                self.title,
                "give it longer texts or more of them",
            )
        self.words_ = CountVectorizer(analyzer=_counted, vocabulary=sorted(known))
        self.model_ = LatentDirichletAllocation(
            self.topics,
            learning_method="batch",
            max_iter=self.iterations,
            random_state=torch_seed(seed, "lda") % 2**32,
        ).fit(self.words_.transform(samples))
        return self

    def transform(self, samples: Samples, device: torch.device, progress: Progress) -> Array:
        features = np.empty((len(samples), self.topics), dtype=np.float32)
        for row, text in enumerate(samples):
            features[row] = self.model_.transform(self.words_.transform([text]))[0]
            progress(row + 1, len(samples))
        return features

    def state(self) -> State:
        arrays = {name: getattr(self.model_, name) for name in TOPICS}
        return State(arrays, self.words_.get_feature_names_out().tolist(), {"prior": self.model_.doc_topic_prior_})

    def restore(self, stored: State) -> Self:
        known = list(stored.words)
        model = LatentDirichletAllocation(self.topics)
        model.doc_topic_prior_ = stored.numbers["prior"]
        for name in TOPICS:
            setattr(model, name, stored.array(name, (self.topics, len(known)), np.float64, self.title))
        model.n_features_in_ = len(known)
        self.model_, self.words_ = model, CountVectorizer(analyzer=_counted, vocabulary=known)
        self.transform([""], torch.device("cpu"), quiet)  # scikit-learn checks when it is used
        return self

    def words(self, text: str) -> list[str]:
        return _counted(text)

    def learnable(self, texts: Samples) -> frozenset[str]:
        counting = CountVectorizer(analyzer=_counted, min_df=MIN_TEXTS, max_features=self.max_vocabulary)
        try:
            return frozenset(counting.fit(texts).get_feature_names_out().tolist())
        except ValueError:  # scikit-learn has no other sign of an empty vocabulary
            return frozenset()

    def vocabulary(self) -> frozenset[str]:
        return frozenset(self.words_.get_feature_names_out().tolist())


def _counted(text: str) -> list[str]:
    """The words of a text that are no stop words; single letters and digits count in scripts without spaces alone."""
    return [word for word in words(text) if word not in ENGLISH_STOP_WORDS and (len(word) > 1 or unspaced(word))]
