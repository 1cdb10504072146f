"""A network that looks at each point's neighbours, and the weights of it that this project ships."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.core.errors import BadInput

NEIGHBOURS = 20
WIDTHS = (64, 64, 128, 256)
EMBEDDING = 256
SLOPE = 0.2
OWN_WEIGHTS = Path(__file__).parents[1] / "dgcnn.pt"
"""Embedding 256, pre-trained on parametric shapes by `python -m stages.pretrain`."""


class DGCNN(nn.Module):
    """Dynamic Graph CNN (Wang et al., ACM TOG 2019): B x N x 3 clouds -> B x 2 embedding, before its classifier.

    Four edge convolutions, each on the graph of the nearest neighbours in its own input; their outputs side by side,
    a product per point, then maximum and mean over the points. The state dict has the names and shapes of
    dgcnn.pytorch (A. Tao's implementation).
    """

    def __init__(self, embedding: int) -> None:
        super().__init__()
        for layer, (inputs, outputs) in enumerate(pairwise((3, *WIDTHS)), start=1):
            self.add_module(f"conv{layer}", nn.Sequential(nn.Conv2d(2 * inputs, outputs, 1, bias=False)))
            self.add_module(f"bn{layer}", nn.BatchNorm2d(outputs))
        self.conv5 = nn.Sequential(nn.Conv1d(sum(WIDTHS), embedding, 1, bias=False))
        self.bn5 = nn.BatchNorm1d(embedding)

    def forward(self, clouds: Tensor) -> Tensor:
        levels = [clouds]
        for layer in range(1, len(WIDTHS) + 1):
            weight = self.get_parameter(f"conv{layer}.0.weight").flatten(1)
            norm = cast(nn.BatchNorm2d, self.get_submodule(f"bn{layer}"))
            levels.append(edge_convolution(levels[-1], weight, norm))
        products: Tensor = self.conv5(torch.cat(levels[1:], dim=2).transpose(1, 2))
        values = F.leaky_relu(self.bn5(products), SLOPE)
        return torch.cat([values.amax(dim=2), values.mean(dim=2)], dim=1)


def edge_convolution(points: Tensor, weight: Tensor, norm: nn.BatchNorm2d) -> Tensor:
    """max over the neighbours j of LeakyReLU(BN(weight [xj - xi, xi])): B x N x C -> B x N x O.

    weight is O x 2C. With weight = [A, B] an edge is A xj + (B - A) xi: both products are taken per point and no
    B x N x k x 2C tensor is built. BN and LeakyReLU are monotone, so what i adds comes after the maximum; BN may turn
    a sign, so its scale comes before.
    """
    theirs, both = weight.chunk(2, dim=1)
    values, own = points @ theirs.T, points @ (both - theirs).T
    neighbours = nearest(points)
    mean, variance = _edge_statistics(values.flatten(0, 1), own.flatten(0, 1), neighbours, norm)
    scale = norm.weight / (variance + norm.eps).sqrt()
    largest = F.embedding_bag(neighbours, (values * scale).flatten(0, 1), mode="max")
    return F.leaky_relu(largest.view_as(values) + (own - mean) * scale + norm.bias, SLOPE)


@torch.no_grad()
def nearest(points: Tensor) -> Tensor:
    """B x N x C -> BN x k: the rows, among all BN, of every point's k nearest in its cloud, itself one of them."""
    centred = points - points.mean(dim=1, keepdim=True)
    if points.shape[2] == 3:
        distances = torch.zeros(points.shape[0], points.shape[1], points.shape[1], device=points.device)
        for axis in centred.unbind(2):
            distances += (axis[:, :, None] - axis[:, None, :]) ** 2
    else:
        squares = (centred**2).sum(dim=2)[:, None, :]
        distances = torch.baddbmm(squares, centred, centred.transpose(1, 2), alpha=-2)
    closest = distances.topk(NEIGHBOURS, dim=2, largest=False, sorted=False).indices
    first = torch.arange(len(points), device=points.device) * points.shape[1]
    return (closest + first[:, None, None]).flatten(0, 1)


def _edge_statistics(values: Tensor, own: Tensor, neighbours: Tensor, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Mean and variance (O each) of the edges values[j] + own[i]: the frozen ones, in training those of the batch.

    values, own: P x O; neighbours: P x k. Exact sums over all edges that never hold the P x k x O edges themselves.
    """
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert norm.momentum is not None
    if not norm.training:
        return norm.running_mean, norm.running_var
    edges = neighbours.numel()
    chosen = neighbours.flatten().bincount(minlength=len(values)).to(values.dtype)
    mean_value, mean_own = chosen @ values / edges, own.mean(dim=0)
    values, own = values - mean_value, own - mean_own
    sums = F.embedding_bag(neighbours, values, mode="sum")
    variance = chosen @ values**2 / edges + (own * (own + sums * (2 / neighbours.shape[1]))).mean(dim=0)
    with torch.no_grad():
        norm.running_mean.lerp_(mean_value + mean_own, norm.momentum)
        norm.running_var.lerp_(variance * (edges / (edges - 1)), norm.momentum)
    return mean_value + mean_own, variance


def load(file: Path) -> DGCNN:
    """The network that a file of weights describes, on the CPU."""
    remedy = "set extractors.dgcnn.weights in params.yaml to a state dict of dgcnn.pytorch, or to null for random ones"
    try:
        stored = torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise BadInput("there is no such file of weights", str(file), remedy) from None
    except Exception as error:
        raise BadInput(f"the weights cannot be read ({type(error).__name__})", str(file), remedy) from None
    state = _without_classifier(stored) if isinstance(stored, dict) else {}
    if getattr(state.get("conv5.0.weight"), "ndim", 0) != 3:
        raise BadInput("these are not the weights of a DGCNN", str(file), remedy)
    with torch.device("meta"):
        network = DGCNN(len(state["conv5.0.weight"]))
    expected = {name: value.shape for name, value in network.state_dict().items()}
    wrong = [name for name, shape in expected.items() if getattr(state.get(name), "shape", None) != shape]
    if wrong:
        raise BadInput(f"'{wrong[0]}' is missing or has another shape than a DGCNN's", str(file), remedy)
    network.load_state_dict({name: state[name] for name in expected}, assign=True)
    return network.float()


def _without_classifier(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Names as DGCNN has them: no 'module.' in front, a layer's batch-norm as bn1, which conv1.1 is another name of."""
    renamed = {re.sub(r"^conv(\d)\.1\.", r"bn\1.", str(name).removeprefix("module.")): v for name, v in stored.items()}
    return {name: value for name, value in renamed.items() if not re.match(r"linear|bn[67]\.", name)}
