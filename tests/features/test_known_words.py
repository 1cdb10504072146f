"""Texts without a known word are counted, and most of them stop the pipeline."""

import numpy as np
import pytest

from pipeline.core.datasets import RawView
from pipeline.core.errors import BadInput
from pipeline.features.base.known_words import unknown_texts
from pipeline.features.doc2vec import Doc2VecFeatures
from pipeline.features.lda import LDA
from pipeline.features.pixels import Pixels

EXTRACTORS = [Doc2VecFeatures(4, 2), LDA(2, 2, 100)]
CATS, DOGS = ["一只小猫", "两只黑猫", "白色的猫"], ["一只小狗", "两只黑狗", "白色的狗"]
DOING = ["在沙发上睡觉", "在雪地里跑", "在花园里玩球", "在厨房吃东西", "坐在窗边", "追着孩子", "躺在地毯上"]
CAPTIONS = [who[row % 3] + DOING[row % 7] for row in range(30) for who in (CATS, DOGS)]


def problems(extractor, texts, train):
    marked = np.arange(len(texts)) < train
    return [str(problem) for problem in unknown_texts(extractor, RawView("text", texts), marked, "mine, view 'text'")]


def codes(count):
    """Texts of one word that no other has."""
    return [f"code{row}" for row in range(count)]


@pytest.mark.parametrize("extractor", EXTRACTORS, ids=lambda extractor: extractor.display)
def test_captions_without_spaces_are_read(extractor):
    assert problems(extractor, CAPTIONS, 40) == []


@pytest.mark.parametrize("extractor", EXTRACTORS, ids=lambda extractor: extractor.display)
def test_a_notable_share_is_told(extractor):
    name = extractor.display
    assert problems(extractor, ["red cat"] * 8 + codes(2) + ["red dog"] * 5, 10) == []
    assert problems(extractor, ["red cat"] * 7 + codes(3) + ["red dog"] * 5 + codes(2), 10) == [
        f"mine, view 'text': {name} knows no word of 3 of 10 training texts and 2 of 7 others (it learns what "
        "training texts repeat, 66% of all words); give longer texts or more of them, or choose another extractor "
        "(docs/own_data.md, Texts in other languages)."
    ]


@pytest.mark.parametrize("extractor", EXTRACTORS, ids=lambda extractor: extractor.display)
@pytest.mark.parametrize(
    ("texts", "counts"),
    [
        (["red cat"] * 4 + codes(6), "6 of 10 training texts"),
        (["red cat"] * 10 + codes(2) + ["red dog"], "0 of 10 training texts and 2 of 3 others"),
        (codes(10), "10 of 10 training texts"),
    ],
)
def test_most_texts_stop_it(extractor, texts, counts):
    with pytest.raises(BadInput, match=rf"knows no word of {counts} \("):
        problems(extractor, texts, 10)


def test_what_is_learnable_is_what_is_learned():
    texts = ["the red cat", "the red dog", "a cat", *codes(3)]
    for extractor in EXTRACTORS:
        assert extractor.learnable(texts) == extractor.fit(texts, 0).vocabulary()


def test_an_extractor_without_words_says_nothing():
    assert list(unknown_texts(Pixels(), RawView("image", np.zeros((3, 2, 2))), np.ones(3, bool), "")) == []
    assert list(unknown_texts(EXTRACTORS[0], RawView("image", np.zeros((3, 2, 2))), np.ones(3, bool), "")) == []
