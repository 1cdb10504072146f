"""Features of pictures from VGG-19."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
from pydantic import PositiveInt
from torch import nn

from pipeline.core.progress import Progress
from pipeline.core.splits import Array
from pipeline.features.base import Extractor, imagenet
from pipeline.features.base.state import Weights
from pipeline.samples.base import Samples

URL = "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth"
BLOCKS = ((64, 64), (128, 128), (256,) * 4, (512,) * 4, (512,) * 4)
UP_TO_FC7 = 5


class VGG19(Extractor):
    """VGG-19 (Simonyan and Zisserman, ICLR 2015), fc7 after ReLU: n x h x w (x 3) uint8 -> n x 4096 float32.

    weights: file of the ImageNet weights that torchvision publishes (548 MB), downloaded where it is missing.
    Nothing is trained. pipeline/features/base/imagenet.py says how pictures are prepared.
    """

    display = "VGG-19"
    accepts = frozenset({"image"})

    def __init__(self, weights: Path, batch_size: PositiveInt) -> None:
        self.weights = weights
        self.batch_size = batch_size

    def transform(self, samples: Samples, device: torch.device, progress: Progress) -> Array:
        network = imagenet.cut(imagenet.load(architecture, self.weights, URL), UP_TO_FC7)
        return imagenet.activations(network, np.asarray(samples), self.batch_size, device, progress)

    def shipped(self) -> Weights:
        return Weights.of(URL, self.weights.expanduser())


def architecture() -> nn.Sequential:
    """Configuration E of the paper with torchvision's names: n x 3 x 224 x 224 -> n x 1000."""
    features: list[nn.Module] = []
    channels = 3
    for block in BLOCKS:
        for width in block:
            features += [nn.Conv2d(channels, width, kernel_size=3, padding=1), nn.ReLU(inplace=True)]
            channels = width
        features.append(nn.MaxPool2d(2))
    width = imagenet.WIDTH
    classifier = nn.Sequential(
        nn.Linear(channels * 7 * 7, width),
        nn.ReLU(inplace=True),
        nn.Dropout(),
        nn.Linear(width, width),
        nn.ReLU(inplace=True),
        nn.Dropout(),
        nn.Linear(width, 1000),
    )
    return nn.Sequential(OrderedDict(features=nn.Sequential(*features), flat=nn.Flatten(), classifier=classifier))
