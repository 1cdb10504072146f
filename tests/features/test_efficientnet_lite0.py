import numpy as np
import pytest
import torch
from sklearn.datasets import load_sample_image

from pipeline.features.efficientnet_lite0 import EfficientNetLite0, _network, _prepare
from tests.support.samples import dataset

CPU = torch.device("cpu")


def test_input_is_what_the_weights_expect():
    grey = np.full((2, 10, 10), 255, dtype=np.uint8)
    batch = _prepare(grey, CPU)
    assert batch.shape == (2, 3, 224, 224)
    torch.testing.assert_close(batch, torch.ones_like(batch))


def test_colour_channels_keep_their_order():
    red = np.zeros((1, 8, 8, 3), dtype=np.uint8)
    red[..., 0] = 255
    batch = _prepare(red, CPU)
    torch.testing.assert_close(batch.mean(dim=(0, 2, 3)), torch.tensor([1.0, -127 / 128, -127 / 128]))


@torch.inference_mode()
def test_the_weights_see_what_is_there():
    """The classifier on top of the features names two photographs: a palace (698) and a daisy (985)."""
    for photograph, expected in (("china.jpg", 698), ("flower.jpg", 985)):
        square = load_sample_image(photograph)[None, :, 106:533]
        features = EfficientNetLite0(8).transform(square, CPU, lambda done, total: None)
        assert int(_network(CPU)._fc(torch.from_numpy(features)).argmax()) == expected


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_the_graphics_card_gives_the_same_features():
    pictures = dataset("emoji").views["image"].samples[:8]
    here, there = (
        EfficientNetLite0(8).transform(pictures, device, lambda done, total: None)
        for device in (CPU, torch.device("cuda"))
    )
    np.testing.assert_allclose(here, there, atol=0.05)
