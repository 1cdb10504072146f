"""What networks trained on ImageNet have in common: prepared pictures and published weights."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format

from pipeline.core.errors import BadInput, MissingFiles
from pipeline.core.splits import Array
from pipeline.data.base.pictures import central_square

SIDE = 224
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
WIDTH = 4096
"""Units of the fully connected layers fc6 and fc7 of AlexNet and VGG-19."""
PATIENCE = 10.0
"""Seconds without an answer after which a download is given up."""


def prepare(pictures: Array, device: torch.device) -> Tensor:
    """n x h x w (x 3) uint8 -> n x 3 x 224 x 224 float32, as torchvision's reference evaluation does it.

    The shorter side becomes 256 (bilinear, antialiased), the central square is cut out, [0, 255] becomes [0, 1]
    and each channel is standardised by ImageNet's mean and deviation. Grey pictures are repeated to three channels.
    """
    square = central_square(three_channels(pictures, device), SIDE) / 255
    mean, std = (torch.tensor(values, device=device)[:, None, None] for values in (MEAN, STD))
    return ((square - mean) / std).contiguous(memory_format=torch.channels_last)


def three_channels(pictures: Array, device: torch.device) -> Tensor:
    """n x h x w (x 3) uint8 -> n x 3 x h x w float32; grey pictures are repeated to three channels."""
    pixels = torch.from_numpy(np.ascontiguousarray(pictures)).to(device).float()
    return pixels[:, None].expand(-1, 3, -1, -1) if pixels.ndim == 3 else pixels.permute(0, 3, 1, 2)


@torch.inference_mode()
def activations(
    network: nn.Module, pictures: Array, batch_size: int, device: torch.device, progress: Callable[[int, int], None]
) -> Array:
    """n x h x w (x 3) uint8 -> n x 4096 float32, what the network gives for the prepared pictures."""
    network = convert_conv2d_weight_memory_format(network.eval().to(device), torch.channels_last)
    features = np.empty((len(pictures), WIDTH), dtype=np.float32)
    for start in range(0, len(pictures), batch_size):
        stop = min(start + batch_size, len(pictures))
        features[start:stop] = network(prepare(pictures[start:stop], device)).cpu().numpy()
        progress(stop, len(pictures))
    return features


def load(architecture: Callable[[], nn.Sequential], file: Path, url: str) -> nn.Sequential:
    """The network with the weights of the file, which is downloaded from url where it is missing.

    The network is built without memory or random initialisation and then given the weights. Only tensors are
    read from the file (weights_only), never code.
    """
    file = file.expanduser()
    if not file.exists():
        _download(url, file)
    remedy = f"put {url} in its place"
    try:
        weights = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        raise BadInput(f"the file cannot be read as weights ({type(error).__name__})", str(file), remedy) from None
    with torch.device("meta"):
        network = architecture()
    wanted, stored = _shapes(network.state_dict()), _shapes(weights)
    wrong = [name for name in {**wanted, **stored} if wanted.get(name) != stored.get(name)]
    if wrong:
        there, needed = (shapes.get(wrong[0], "absent") for shapes in (stored, wanted))
        difference = f"tensor '{wrong[0]}' is {there} in the file and {needed} in the network"
        raise BadInput(f"these are the weights of something else: {difference}", str(file), remedy)
    network.load_state_dict({name: weights[name].float() for name in wanted}, assign=True)
    return network


def cut(network: nn.Sequential, layers: int) -> nn.Sequential:
    """The network up to the given number of layers of its classifier."""
    return nn.Sequential(*list(network.children())[:-1], *list(network.get_submodule("classifier").children())[:layers])


def _shapes(weights: Any) -> dict[str, str]:
    """Name -> '64 x 3 x 3 x 3' of every tensor; empty where this is no state dict."""
    tensors = weights.items() if isinstance(weights, dict) else ()
    return {name: " x ".join(map(str, value.shape)) for name, value in tensors if isinstance(value, Tensor)}


def _download(url: str, file: Path) -> None:
    """Save what url gives as file, whole or not at all; its name ends with the first digits of its SHA-256."""
    digest = url.removesuffix(".pth").rsplit("-", 1)[-1]
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with _impatient_sockets():
            torch.hub.download_url_to_file(url, str(file), hash_prefix=digest, progress=False)
    except (OSError, HTTPException, RuntimeError) as error:
        raise MissingFiles(
            f"the weights are not there and the download failed ({str(error) or type(error).__name__})",
            str(file),
            f"download {url} elsewhere and save it under this path",
        ) from None


@contextmanager
def _impatient_sockets() -> Iterator[None]:
    """torch.hub sets no time limit of its own."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
