"""Pictures, grey or in colour."""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from markupsafe import Markup
from PIL import Image as Pillow
from PIL import ImageOps
from pydantic import PositiveInt

from pipeline.core.errors import BadInput
from pipeline.core.splits import Array
from pipeline.samples.base import Fault, RngFor, Samples
from pipeline.samples.base.arrays import ArrayKind

LARGEST = 89_478_485
"""Pixels of a picture: from here on Pillow warns of files that are small and fill the memory when they are opened."""
DEEP = ("I", "F")
"""First letters of Pillow's modes with more than 8 bits per channel."""


class Image(ArrayKind):
    """n x h x w (x 3) uint8. side: pictures become squares of so many pixels."""

    display = "image"
    plural = "pictures"
    suffixes = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
    axes = (2, 3)
    dtype = "uint8"

    def __init__(self, side: PositiveInt = 256) -> None:
        self.side = side

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.side, self.side, 3)

    def fits(self, shape: Sequence[int]) -> bool:
        return len(shape) in self.axes and shape[2:] in ((), (3,))

    def read(self, file: Path, shape: tuple[int, ...], rng_for: RngFor) -> Array:
        square = read_picture(file, shape[0])
        return square if len(shape) == 3 else np.asarray(Pillow.fromarray(square).convert("L"))

    def faults(self, samples: Samples) -> Iterator[Fault]:
        """Pictures of one colour."""
        pixels = np.asarray(samples)
        flat = (pixels.min(axis=(1, 2)) == pixels.max(axis=(1, 2))).reshape(len(pixels), -1).all(axis=1)
        yield Fault(
            "the picture is all one colour", flat, "look at the picture file and bring it again or drop the pair"
        )

    def thumbnail(self, sample: Array, row: int, side: int) -> Markup:
        """Larger pictures are shrunk to fit the side, smaller ones left to the browser."""
        picture = Pillow.fromarray(sample)
        scale = side / max(picture.size)
        width, height = (max(1, round(length * scale)) for length in picture.size)
        if scale < 1:
            picture = picture.resize((width, height), Pillow.Resampling.LANCZOS)
        file = io.BytesIO()
        picture.save(file, "WEBP", quality=60, method=6)
        return Markup('<img src="data:image/webp;base64,{}" width="{}" height="{}" alt="picture {}">').format(
            base64.b64encode(file.getvalue()).decode(), width, height, row
        )


def read_picture(file: Path, side: int) -> Array:
    """side x side x 3 uint8: the shorter side is brought to `side` (bilinear, antialiased), the central square taken.

    Turned as its EXIF entry says, transparent parts on white, grey as three equal channels; of several frames the
    first. Raises BadInput for damaged files, for more than 8 bits per channel and for more than LARGEST pixels.
    """
    try:
        with (
            warnings.catch_warnings(action="error", category=Pillow.DecompressionBombWarning),
            Pillow.open(file) as opened,
        ):
            if opened.mode.startswith(DEEP):
                raise BadInput("it has more than 8 bits per channel", str(file), "save it with 8 bits")
            turned = ImageOps.exif_transpose(opened)
            if turned.has_transparency_data:
                layer = turned.convert("RGBA")
                turned = Pillow.alpha_composite(Pillow.new("RGBA", layer.size, "white"), layer)
            square = ImageOps.fit(turned.convert("RGB"), (side, side), Pillow.Resampling.BILINEAR)
    except (BadInput, MemoryError):
        raise
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning):
        raise BadInput(f"it has more than {LARGEST:,} pixels", str(file), "save it smaller") from None
    except OSError as error:
        reason = f"it cannot be opened ({error.strerror})" if error.errno else "this is no whole picture"
        raise BadInput(reason, str(file), "save it again or remove it") from None
    except Exception:  # a damaged file makes Pillow raise almost anything
        raise BadInput("this is no whole picture", str(file), "save it again or remove it") from None
    return np.asarray(square)
