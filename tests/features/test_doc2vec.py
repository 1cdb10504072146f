import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from pipeline.core.errors import BadInput
from pipeline.features.doc2vec import Doc2VecFeatures
from tests.support.samples import dataset

TEXTS = [f"{fruit} {word} red green sweet" for fruit in ("apple", "pear", "plum") for word in ("tree", "juice", "pie")]
TEXTS += [f"{metal} {word} hard cold heavy" for metal in ("iron", "lead", "zinc") for word in ("bar", "mine", "ore")]
SCRIPT = """
import hashlib, torch
from pipeline.features.doc2vec import Doc2VecFeatures
from tests.features.test_doc2vec import TEXTS
model = Doc2VecFeatures(20, 10).fit(TEXTS, seed=0)
rows = model.transform(TEXTS, torch.device("cpu"), lambda done, total: None)
print(hashlib.sha256(rows.tobytes()).hexdigest())
"""


def features(model, texts):
    return model.transform(texts, torch.device("cpu"), lambda done, total: None)


@pytest.fixture(scope="module")
def model():
    return Doc2VecFeatures(dimension=20, epochs=100).fit(TEXTS, seed=0)


def test_does_not_depend_on_the_hash_seed_of_the_process():
    digests = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            cwd=Path(__file__).parents[2],
            check=True,
            capture_output=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(digests) == 1


def test_a_text_gives_the_same_bits_wherever_it_stands(model):
    rows = features(model, TEXTS)
    assert np.array_equal(features(model, TEXTS[::-1])[::-1], rows)
    assert np.array_equal(features(model, [TEXTS[4], TEXTS[4]]), rows[[4, 4]])


def test_inference_leaves_the_model_as_it_was(model):
    before = model.model_.syn1neg.copy(), model.model_.dv.vectors.copy()
    features(model, ["apple iron"])
    assert np.array_equal(model.model_.syn1neg, before[0])
    assert np.array_equal(model.model_.dv.vectors, before[1])


def test_seed_decides(model):
    other = Doc2VecFeatures(dimension=20, epochs=100).fit(TEXTS, seed=1)
    assert not np.array_equal(features(other, TEXTS), features(model, TEXTS))


def test_new_texts_are_told_apart():
    """A linear classifier trained on training emoji is right about validation emoji far more often than whoever names
    the largest of the nine classes.
    """
    raw = dataset("emoji")
    texts, train, valid = np.array(raw.views["text"].samples), raw.split == "train", raw.split == "valid"
    trained = Doc2VecFeatures(dimension=50, epochs=40).fit(list(texts[train]), seed=0)
    known, new = features(trained, list(texts[train])), features(trained, list(texts[valid]))
    probe = LogisticRegression(C=100, max_iter=300).fit(known, raw.labels[train])
    largest = np.bincount(raw.labels[valid]).max() / valid.sum()
    assert probe.score(new, raw.labels[valid]) > largest + 0.15


def test_unknown_and_empty_texts_have_features(model):
    assert np.isfinite(features(model, ["qwertz", "", "!"])).all()


def test_texts_without_a_common_word_are_refused():
    with pytest.raises(BadInput, match="no word occurs 2 times in the 2 training texts"):
        Doc2VecFeatures(20, 10).fit(["one two", "three"], seed=0)
