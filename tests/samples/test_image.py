"""One square of colours from every kind of picture file."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from pipeline.core.errors import BadInput
from pipeline.samples.image import LARGEST, read_picture

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


def halves(width, height, mode="RGB"):
    """Upper half red, lower half blue."""
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    pixels[: height // 2], pixels[height // 2 :] = RED, BLUE
    return Image.fromarray(pixels).convert(mode)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "bmp", "gif", "tiff"])
@pytest.mark.parametrize("size", [(40, 40), (80, 40), (7, 5)])
def test_kinds_of_files_and_shapes(tmp_path, suffix, size):
    file = tmp_path / f"a.{suffix}"
    halves(*size).save(file)
    result = read_picture(file, 32)
    assert result.shape == (32, 32, 3)
    assert result.dtype == np.uint8
    assert np.abs(result[4, 16].astype(int) - RED).max() < 30
    assert np.abs(result[-4, 16].astype(int) - BLUE).max() < 30


def test_the_central_square_is_taken(tmp_path):
    pixels = np.zeros((10, 30, 3), dtype=np.uint8)
    pixels[:, 10:20] = RED
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert (read_picture(tmp_path / "a.png", 10) == RED).all()


def test_it_is_turned_as_exif_says(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 3
    halves(20, 20).save(tmp_path / "a.png", exif=exif)
    result = read_picture(tmp_path / "a.png", 20)
    assert (result[0] == BLUE).all()
    assert (result[-1] == RED).all()


def test_transparent_parts_are_white(tmp_path):
    layer = halves(20, 20, "RGBA")
    layer.putalpha(Image.fromarray(np.repeat(np.array([[255] * 10 + [0] * 10], np.uint8), 20, axis=0)))
    layer.save(tmp_path / "a.png")
    palette = Image.new("P", (20, 20), 1)
    palette.putpalette([*RED, *BLUE])
    palette.paste(0, (0, 0, 10, 20))
    palette.save(tmp_path / "b.png", transparency=0)
    result, other = (read_picture(tmp_path / name, 20) for name in ("a.png", "b.png"))
    assert result[0, 0].tolist() == list(RED)
    assert (result[:, 10:] == WHITE).all()
    assert (other[:, :10] == WHITE).all()
    assert other[0, 19].tolist() == list(BLUE)


@pytest.mark.parametrize("mode", ["L", "1", "CMYK", "LA"])
def test_other_modes_become_colours(tmp_path, mode):
    Image.new("RGB", (8, 8), "white").convert(mode).save(tmp_path / "a.tif")
    assert (read_picture(tmp_path / "a.tif", 8) == 255).all()


@pytest.mark.parametrize("damage", [lambda x: b"", lambda x: b"no picture" * 9, lambda x: x[: len(x) // 2]])
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_a_broken_picture_is_named(tmp_path, damage, suffix):
    file = tmp_path / f"a.{suffix}"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (50, 50, 3), dtype=np.uint8)).save(file)
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(BadInput, match=rf"a\.{suffix}: this is no whole picture; save it again or remove it\."):
        read_picture(file, 8)


def test_deep_pictures_are_refused(tmp_path):
    Image.fromarray(np.full((8, 8), 40000, dtype=np.uint16)).save(tmp_path / "a.png")
    with pytest.raises(BadInput, match="more than 8 bits per channel"):
        read_picture(tmp_path / "a.png", 8)


@pytest.mark.parametrize("size", [(10_000, 9_000), (20_000, 20_000)])
def test_a_picture_of_too_many_pixels_is_refused_by_the_limit(tmp_path, size):
    """The file has a header and no pixels: it is refused before any is read."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    pieces = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    ]
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(pieces))
    with pytest.raises(BadInput, match=r"a\.png: it has more than 89,478,485 pixels; save it smaller"):
        read_picture(tmp_path / "a.png", 8)
    assert LARGEST == Image.MAX_IMAGE_PIXELS
