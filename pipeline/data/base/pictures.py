"""Pictures as the networks trained on ImageNet want them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from pipeline.core.errors import BadInput
from pipeline.core.splits import Array
from pipeline.data.base.author_files import AGAIN

SHORTER_SIDE = 256


def read_square(file: Path) -> Array:
    """256 x 256 x 3 uint8: the centre of a picture whose shorter side became 256 (bilinear, antialiased)."""
    try:
        with Image.open(file) as picture:
            pixels = torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1)[None].float()
    except Image.DecompressionBombError:
        raise BadInput("it has more pixels than Pillow opens", str(file), AGAIN) from None
    except (OSError, ValueError, SyntaxError):
        raise BadInput("this is no whole picture", str(file), AGAIN) from None
    square = central_square(pixels, SHORTER_SIDE)[0]
    pixels_last: Array = square.round().clamp(0, 255).byte().permute(1, 2, 0).numpy()
    return pixels_last


def central_square(pixels: Tensor, side: int) -> Tensor:
    """n x c x h x w float32 -> n x c x side x side: the shorter side becomes 256, the centre is cut out."""
    height, width = pixels.shape[2:]
    size = [SHORTER_SIDE * length // min(height, width) for length in (height, width)]
    resized = interpolate(pixels, size, mode="bilinear", antialias=True, align_corners=False)
    top, left = (round((length - side) / 2) for length in size)
    return resized[:, :, top : top + side, left : left + side]
