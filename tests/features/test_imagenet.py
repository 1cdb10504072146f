import hashlib
import socket
import time
from urllib.error import URLError

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from pipeline.core.errors import BadInput, MissingFiles
from pipeline.features.base import imagenet
from tests.support.imagenet_weights import mosaic

CPU = torch.device("cpu")
URL = "https://example.org/tiny-0123abcd.pth"


def tiny():
    return nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))


def sentence(file, url=URL):
    with pytest.raises(BadInput) as caught:
        imagenet.load(tiny, file, url)
    return str(caught.value)


def by_pillow(picture):
    """The same preparation by Pillow, which rounds the resized picture to whole numbers."""
    height, width = picture.shape[:2]
    size = (256 * width // min(height, width), 256 * height // min(height, width))
    left, top = ((side - 224) // 2 for side in size)
    resized = Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR)
    square = np.asarray(resized.crop((left, top, left + 224, top + 224)))
    return (square / 255 - imagenet.MEAN) / imagenet.STD


@pytest.mark.parametrize("shape", [(320, 400), (400, 320), (72, 72), (100, 300)], ids=str)
def test_pictures_are_resized_cropped_and_standardised(shape):
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    batch = imagenet.prepare(picture[None], CPU)
    assert batch.shape == (1, 3, 224, 224)
    np.testing.assert_allclose(batch[0].permute(1, 2, 0), by_pillow(picture), atol=0.02)


def test_grey_pictures_are_repeated_to_three_channels():
    grey = mosaic()[..., 0]
    colour = np.repeat(grey[..., None], 3, axis=-1)
    assert torch.equal(imagenet.prepare(grey, CPU), imagenet.prepare(colour, CPU))


def test_the_network_gets_the_weights_of_the_file(tmp_path):
    trained = tiny()
    torch.save({**trained.state_dict(), "epoch": 3}, tmp_path / "tiny.pth")
    torch.testing.assert_close(imagenet.load(tiny, tmp_path / "tiny.pth", URL).state_dict(), trained.state_dict())


def test_a_missing_file_is_downloaded_and_checked(tmp_path):
    published = tmp_path / "published"
    torch.save(tiny().state_dict(), published)
    digest = hashlib.sha256(published.read_bytes()).hexdigest()[:8]
    published = published.rename(tmp_path / f"tiny-{digest}.pth")
    kept = tmp_path / "new" / "folder" / "tiny.pth"
    imagenet.load(tiny, kept, published.as_uri())
    assert kept.read_bytes() == published.read_bytes()


def test_a_download_with_another_hash_is_not_kept(tmp_path):
    published = tmp_path / "tiny-0123abcd.pth"
    torch.save(tiny().state_dict(), published)
    assert "the download failed (invalid hash value" in sentence(tmp_path / "new" / "tiny.pth", published.as_uri())
    assert not list((tmp_path / "new").iterdir())


def test_without_file_and_network_the_sentence_says_what_to_put_where(tmp_path, monkeypatch):
    def unreachable(*arguments, **options):
        raise URLError("no network")

    monkeypatch.setattr(torch.hub, "download_url_to_file", unreachable)
    file = tmp_path / "tiny.pth"
    assert sentence(file) == (
        f"{file}: the weights are not there and the download failed (<urlopen error no network>); "
        f"download {URL} elsewhere and save it under this path."
    )


def test_a_silent_server_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(imagenet, "PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/tiny-0123abcd.pth"
        started = time.monotonic()
        with pytest.raises(MissingFiles, match="timed out"):
            imagenet.load(tiny, tmp_path / "tiny.pth", url)
    assert time.monotonic() - started < 5
    assert socket.getdefaulttimeout() is None
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "EOFError"), (b"<html>404</html>", "UnpicklingError"), (b"PK\3\4rest", "RuntimeError")],
)
def test_a_damaged_file(tmp_path, content, reason):
    file = tmp_path / "tiny.pth"
    file.write_bytes(content)
    assert sentence(file) == f"{file}: the file cannot be read as weights ({reason}); put {URL} in its place."


def test_a_folder_in_place_of_the_file(tmp_path):
    assert "cannot be read as weights (IsADirectoryError)" in sentence(tmp_path)


class Trap:
    def __reduce__(self):
        return pytest.fail, ("code in the file was run",)


def test_code_in_the_file_is_not_run(tmp_path):
    torch.save({"0.weight": Trap()}, tmp_path / "tiny.pth")
    assert "cannot be read as weights (UnpicklingError)" in sentence(tmp_path / "tiny.pth")


@pytest.mark.parametrize(
    ("weights", "complaint"),
    [
        ([1, 2], "'0.weight' is absent in the file and 2 x 3 in the network"),
        ({**tiny().state_dict(), "1.weight": torch.ones(1, 5)}, "'1.weight' is 1 x 5 in the file and 1 x 2 in"),
        ({**tiny().state_dict(), "1.bias": "text"}, "'1.bias' is absent in the file and 1 in the network"),
        ({**tiny().state_dict(), "2.bias": torch.ones(4)}, "'2.bias' is 4 in the file and absent in the network"),
    ],
)
def test_the_weights_of_something_else(tmp_path, weights, complaint):
    torch.save(weights, tmp_path / "tiny.pth")
    assert f"these are the weights of something else: tensor {complaint}" in sentence(tmp_path / "tiny.pth")
