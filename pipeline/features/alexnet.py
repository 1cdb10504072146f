"""Features of pictures from AlexNet."""

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

URL = "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth"
UP_TO_FC6 = 3


class AlexNet(Extractor):
    """AlexNet, fc6 after ReLU: n x h x w (x 3) uint8 -> n x 4096 float32.

    The one-column layout of "One weird trick for parallelizing convolutional neural networks" (Krizhevsky, 2014),
    which differs from the network of 2012 in its widths and has no response normalisation.
    weights: file of the ImageNet weights that torchvision publishes (233 MB), downloaded where it is missing.
    Nothing is trained. pipeline/features/base/imagenet.py says how pictures are prepared.
    """

    display = "AlexNet"
    accepts = frozenset({"image"})

    def __init__(self, weights: Path, batch_size: PositiveInt) -> None:
        self.weights = weights
        self.batch_size = batch_size

    def transform(self, samples: Samples, device: torch.device, progress: Progress) -> Array:
        network = imagenet.cut(imagenet.load(architecture, self.weights, URL), UP_TO_FC6)
        return imagenet.activations(network, np.asarray(samples), self.batch_size, device, progress)

    def shipped(self) -> Weights:
        return Weights.of(URL, self.weights.expanduser())


def architecture() -> nn.Sequential:
    """The whole network with torchvision's names: n x 3 x 224 x 224 -> n x 1000."""
    features = nn.Sequential(
        nn.Conv2d(3, 64, kernel_size=11, stride=4, padding=2),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(kernel_size=3, stride=2),
        nn.Conv2d(64, 192, kernel_size=5, padding=2),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(kernel_size=3, stride=2),
        nn.Conv2d(192, 384, kernel_size=3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(384, 256, kernel_size=3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(256, 256, kernel_size=3, padding=1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(kernel_size=3, stride=2),
    )
    width = imagenet.WIDTH
    classifier = nn.Sequential(
        nn.Dropout(),
        nn.Linear(256 * 6 * 6, width),
        nn.ReLU(inplace=True),
        nn.Dropout(),
        nn.Linear(width, width),
        nn.ReLU(inplace=True),
        nn.Linear(width, 1000),
    )
    return nn.Sequential(OrderedDict(features=features, flat=nn.Flatten(), classifier=classifier))
