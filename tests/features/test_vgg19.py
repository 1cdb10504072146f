import numpy as np
import pytest
import torch

from pipeline.core.errors import BadInput
from pipeline.features.vgg19 import VGG19, architecture
from tests.support.imagenet_weights import checksums, mosaic, shapes, write

CPU = torch.device("cpu")


def features(weights, pictures):
    return VGG19(weights, batch_size=1).transform(pictures, CPU, lambda done, total: None)


def test_layers_are_those_of_the_published_weights():
    with torch.device("meta"):
        network = architecture()
    assert {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()} == shapes("vgg19")
    assert sum(tensor.numel() for tensor in network.parameters()) == 143_667_240


def test_activations_of_fc7_are_those_of_torchvision(tmp_path):
    """torchvision 0.28.0: v2.Resize(256), CenterCrop(224), Normalize on floats; vgg19().classifier[4] in float64."""
    row = features(write("vgg19", tmp_path), mosaic())
    assert row.shape == (1, 4096)
    np.testing.assert_allclose(checksums(row), (143.822092, 72.897505), rtol=1e-5)


def test_the_weights_of_alexnet_are_refused(tmp_path):
    with pytest.raises(BadInput, match=r"'features\.0\.weight' is 64 x 3 x 11 x 11 in the file and 64 x 3 x 3 x 3"):
        features(write("alexnet", tmp_path), mosaic())
