"""Squares are cut out of pictures as networks trained on ImageNet expect them."""

import pytest
import torch
from torch import nn

from pipeline.data.base.pictures import central_square


@pytest.mark.parametrize("side", [224, 256])
@pytest.mark.parametrize("shape", [(256, 301), (97, 61), (700, 512), (257, 256)], ids=str)
def test_the_central_square_is_cut_out_of_the_resized_picture(shape, side):
    pixels = torch.randint(0, 256, (2, 3, *shape), generator=torch.Generator().manual_seed(0)).float()
    height, width = shape
    size = [256 * length // min(height, width) for length in (height, width)]
    resized = nn.functional.interpolate(pixels, size, mode="bilinear", antialias=True, align_corners=False)
    top, left = (round((length - side) / 2) for length in size)
    square = central_square(pixels, side)
    assert torch.equal(square, resized[:, :, top : top + side, left : left + side])
    assert square.shape == (2, 3, side, side)
