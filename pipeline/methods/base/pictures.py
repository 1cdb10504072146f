"""A convolutional encoder of small grey pictures, for views whose features are their pixels."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.core.errors import BadParams

CHANNELS = (16, 32, 64)
SMALLEST = 2 ** len(CHANNELS)
"""Side of the smallest picture that PictureEncoder reads, in pixels."""
SHIFT = 2
"""Pixels by which a picture moves at most, up or down and left or right, each time it is seen in training."""


class Shift(nn.Module):
    """In training every picture (n x 1 x h x w) moves by up to `most` pixels, zeros come in; otherwise as it is."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        down, right = torch.randint(2 * self.most + 1, (2, len(x), 1, 1), device=x.device)
        rows = down + torch.arange(x.shape[2], device=x.device)[:, None]
        columns = right + torch.arange(x.shape[3], device=x.device)
        samples = torch.arange(len(x), device=x.device)[:, None, None]
        return F.pad(x, (self.most,) * 4)[samples, 0, rows, columns].unsqueeze(1)


class PictureEncoder(nn.Module):
    """n x side^2 grey pixels -> n x embedding.

    Three times a 3 x 3 convolution, 2 x 2 maximum, batch norm and ReLU; then the later dropout before each of two
    linear layers with ReLU between them.
    """

    def __init__(self, side: int, hidden: int, embedding: int, dropout: float) -> None:
        super().__init__()
        self.side = side
        layers: list[nn.Module] = [Shift(SHIFT)]
        for before, after in pairwise([1, *CHANNELS]):
            layers += [
                nn.Conv2d(before, after, 3, padding=1, bias=False),
                *(nn.MaxPool2d(2), nn.BatchNorm2d(after), nn.ReLU()),
            ]
        self.features = nn.Sequential(*layers).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        maps = CHANNELS[-1] * (side // SMALLEST) ** 2
        self.layers = nn.Sequential(
            *(nn.Dropout(dropout), nn.Linear(maps, hidden), nn.ReLU()),
            *(nn.Dropout(dropout), nn.Linear(hidden, embedding)),
        )

    def forward(self, x: Tensor) -> Tensor:
        pictures = x.view(-1, 1, self.side, self.side).contiguous(memory_format=torch.channels_last)
        embedding: Tensor = self.layers(self.features(pictures).flatten(1))
        return embedding


def picture_side(view: str, dim: int, least: int, setting: str) -> int:
    """Side of the square pictures that a view's dim pixels make.

    Raises BadParams where they make none, or one of fewer than `least` pixels a side; setting: the one to blame.
    """
    side = math.isqrt(dim)
    if side**2 != dim or side < least:
        raise BadParams(
            f"view '{view}' has {dim} features, which make no square picture of {least} x {least} pixels or more",
            setting,
            "leave the view out or extract it with 'pixels' from grey pictures",
        )
    return side
