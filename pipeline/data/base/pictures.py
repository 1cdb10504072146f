"""Pictures in the usual files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from pipeline.core.errors import BadInput
from pipeline.core.splits import Array

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
DEEP = ("I", "F")
"""First letters of the modes with more than 8 bits per channel."""


def read_picture(file: Path, side: int) -> Array:
    """side x side x 3 uint8: the shorter side is brought to `side` (bilinear, antialiased), the central square taken.

    Turned as its EXIF entry says, transparent parts on white, grey as three equal channels; of several frames the
    first.
    """
    try:
        with Image.open(file) as opened:
            if opened.mode.startswith(DEEP):
                raise BadInput("it has more than 8 bits per channel", str(file), "save it with 8 bits")
            turned = ImageOps.exif_transpose(opened)
            if turned.has_transparency_data:
                layer = turned.convert("RGBA")
                turned = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
            square = ImageOps.fit(turned.convert("RGB"), (side, side), Image.Resampling.BILINEAR)
    except BadInput:
        raise
    except Exception:  # a damaged file makes Pillow raise almost anything
        raise BadInput("this is no whole picture", str(file), "save it again or remove it") from None
    return np.asarray(square)
