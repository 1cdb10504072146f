import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from pipeline.core.errors import BadInput
from pipeline.features.lda import LDA
from tests.support.samples import dataset

FRUIT, METAL = ["apple", "pear", "plum", "juice", "tree"], ["iron", "lead", "zinc", "ore", "mine"]
DRAW = np.random.default_rng(0)
TEXTS = [" ".join(DRAW.choice(words, 12)) for words in (FRUIT, METAL) for _ in range(20)]


def features(model, texts):
    return model.transform(texts, torch.device("cpu"), lambda done, total: None)


@pytest.fixture(scope="module")
def model():
    return LDA(topics=2, iterations=30, max_vocabulary=100).fit(TEXTS, seed=0)


def expected_shares(model, text, rounds=500):
    """Variational inference for one text as the paper writes it (figure 6), word by word, with smoothed topics."""
    digamma = torch.special.digamma
    topics = torch.from_numpy(model.model_.components_)
    log_words = digamma(topics) - digamma(topics.sum(dim=1, keepdim=True))
    vocabulary = model.words_.vocabulary_
    columns = [vocabulary[word] for word in text.split() if word in vocabulary]
    gamma = torch.ones(model.topics, dtype=torch.float64)
    for _ in range(rounds):
        sums = torch.full_like(gamma, 1 / model.topics)
        for column in columns:
            sums += torch.softmax(digamma(gamma) + log_words[:, column], dim=0)
        gamma = sums
    return gamma / gamma.sum()


def test_topics_are_found_and_shares_sum_to_one(model):
    rows = features(model, TEXTS)
    assert rows.shape == (40, 2)
    np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-5)
    topic = rows.argmax(axis=1)
    assert len(set(topic[:20])) == len(set(topic[20:])) == 1
    assert topic[0] != topic[20]


def test_shares_are_those_of_the_papers_inference(model):
    text = "apple apple pear iron tree unknown"
    np.testing.assert_allclose(features(model, [text])[0], expected_shares(model, text), atol=2e-3)


def test_a_text_gives_the_same_bits_wherever_it_stands(model):
    rows = features(model, TEXTS)
    assert np.array_equal(features(model, TEXTS[::-1])[::-1], rows)
    assert np.array_equal(features(model, [TEXTS[4], TEXTS[4]]), rows[[4, 4]])


def test_seed_decides(model):
    other = LDA(topics=2, iterations=30, max_vocabulary=100).fit(TEXTS, seed=1)
    assert not np.array_equal(features(other, TEXTS), features(model, TEXTS))


def test_unknown_and_empty_texts_have_equal_shares(model):
    np.testing.assert_allclose(features(model, ["qwertz", "", "!"]), 0.5, rtol=1e-6)


def test_only_the_most_frequent_words_are_kept():
    texts = ["the red red sun", "the red sun of a red day", "some other word"]
    assert set(LDA(2, 1, max_vocabulary=1).fit(texts, seed=0).words_.vocabulary_) == {"red"}


def test_new_texts_are_told_apart():
    """A linear classifier on the topics of training emoji is right about validation emoji far more often than whoever
    names the largest of the nine classes.
    """
    raw = dataset("emoji")
    texts, train, valid = np.array(raw.views["text"].samples), raw.split == "train", raw.split == "valid"
    trained = LDA(topics=50, iterations=20, max_vocabulary=10000).fit(list(texts[train]), seed=0)
    known, new = features(trained, list(texts[train])), features(trained, list(texts[valid]))
    probe = LogisticRegression(C=100, max_iter=300).fit(known, raw.labels[train])
    largest = np.bincount(raw.labels[valid]).max() / valid.sum()
    assert probe.score(new, raw.labels[valid]) > largest + 0.15


@pytest.mark.parametrize("texts", [["one word", "the other"], ["the", "the"], ["", ""]], ids=str)
def test_too_little_text_is_refused(texts):
    with pytest.raises(BadInput, match="no word except stop words occurs in 2 of the 2 training texts"):
        LDA(2, 1, 100).fit(texts, seed=0)
