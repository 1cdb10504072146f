"""Random weights of VGG-19 and AlexNet under torchvision's names, in files of less than a megabyte."""

from functools import cache
from math import prod

import numpy as np
import torch

VGG19 = {
    "features.0": (64, 3, 3, 3),
    "features.2": (64, 64, 3, 3),
    "features.5": (128, 64, 3, 3),
    "features.7": (128, 128, 3, 3),
    "features.10": (256, 128, 3, 3),
    "features.12": (256, 256, 3, 3),
    "features.14": (256, 256, 3, 3),
    "features.16": (256, 256, 3, 3),
    "features.19": (512, 256, 3, 3),
    "features.21": (512, 512, 3, 3),
    "features.23": (512, 512, 3, 3),
    "features.25": (512, 512, 3, 3),
    "features.28": (512, 512, 3, 3),
    "features.30": (512, 512, 3, 3),
    "features.32": (512, 512, 3, 3),
    "features.34": (512, 512, 3, 3),
    "classifier.0": (4096, 25088),
    "classifier.3": (4096, 4096),
    "classifier.6": (1000, 4096),
}
ALEXNET = {
    "features.0": (64, 3, 11, 11),
    "features.3": (192, 64, 5, 5),
    "features.6": (384, 192, 3, 3),
    "features.8": (256, 384, 3, 3),
    "features.10": (256, 256, 3, 3),
    "classifier.1": (4096, 9216),
    "classifier.4": (4096, 4096),
    "classifier.6": (1000, 4096),
}
LAYERS = {"vgg19": VGG19, "alexnet": ALEXNET}


@cache
def state_dict(name):
    """Normal numbers of variance 2 / inputs, so that activations keep their size from layer to layer.

    Unit k reads the inputs with numbers k, k + 1, ... of one random line: the rows overlap in memory and a file
    holds the line alone.
    """
    draw = np.random.default_rng(0)
    weights = {}
    for layer, shape in LAYERS[name].items():
        inputs = prod(shape[1:])
        line = torch.from_numpy(draw.standard_normal(shape[0] + inputs - 1) * np.sqrt(2 / inputs)).float()
        inner = [prod(shape[axis + 1 :]) for axis in range(1, len(shape))]
        weights[f"{layer}.weight"] = line.as_strided(shape, (1, *inner))
        weights[f"{layer}.bias"] = torch.from_numpy(draw.standard_normal(shape[0]) / 10).float()
    return weights


def shapes(name):
    return {tensor: tuple(value.shape) for tensor, value in state_dict(name).items()}


def write(name, folder):
    """The file as torchvision publishes it, with these weights."""
    file = folder / f"{name}.pth"
    torch.save(state_dict(name), file)
    return file


def mosaic():
    """One colour picture of 320 x 400, 20 x 25 squares at random."""
    squares = np.random.default_rng(1).integers(0, 256, (1, 20, 25, 3), dtype=np.uint8)
    return squares.repeat(16, axis=1).repeat(16, axis=2)


def checksums(features):
    """Sum of the activations, and their sum weighted by position from 0 to 1, which a permutation changes."""
    row = features.astype(np.float64).ravel()
    return row.sum(), row @ np.linspace(0, 1, len(row))
