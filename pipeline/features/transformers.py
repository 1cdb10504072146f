"""Features of pictures and texts from a model in a folder of the user's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from pydantic import PositiveInt

from pipeline.core.progress import Progress
from pipeline.core.splits import Array
from pipeline.features.base import pretrained
from pipeline.features.base.encoding import encode_pictures, encode_texts
from pipeline.features.base.standardised import Standardised
from pipeline.features.base.state import Weights
from pipeline.samples.base import Samples


class Transformers(Standardised):
    """CLIP, SigLIP, DINO, BERT, E5 and their like: n pictures or n texts -> n x d float32, standardised.

    folder: what save_pretrained of the library transformers writes, or a clone of a model's page: config.json,
    *.safetensors, and what prepares texts or pictures. Nothing is downloaded, no pickle and no code of the model's is
    read. prefix: put before every text; E5 wants "query: ". pipeline/features/base/encoding.py says how models pool.
    """

    accepts = frozenset({"image", "text"})

    def __init__(self, folder: Path, batch_size: PositiveInt, prefix: str = "") -> None:
        self.folder = folder.expanduser()
        self.batch_size = batch_size
        self.prefix = prefix
        self.display = f"{folder.name} (transformers)"  # type: ignore[misc]

    def encode(self, samples: Samples, device: torch.device, progress: Progress) -> Array:
        if isinstance(samples[0], str):
            return encode_texts(self.folder, list(samples), self.prefix, self.batch_size, device, progress)
        return encode_pictures(self.folder, np.asarray(samples), self.batch_size, device, progress)

    def shipped(self) -> Weights:
        pretrained.settings(self.folder)
        return pretrained.weights(self.folder, f"the folder {self.folder.name}")
