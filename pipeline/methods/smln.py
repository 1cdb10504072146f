"""SMLN: semi-supervised multi-modal learning network."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor

from pipeline.core.papers import Paper
from pipeline.core.runs import Need
from pipeline.learning.loop import Batch, Step
from pipeline.learning.losses.canonical import known, whitened
from pipeline.learning.networks import SphereNetwork
from pipeline.methods.base.deep import Deep


def nearest_neighbours(x: Tensor, count: int) -> Tensor:
    """x: N x d -> N x N, 1 where one of two samples is among the `count` nearest others of the other one."""
    distances = torch.cdist(x, x).fill_diagonal_(torch.inf)
    nearest = distances.topk(min(count, len(x) - 1), dim=1, largest=False).indices
    among = torch.zeros_like(distances).scatter_(1, nearest, 1.0)
    return torch.maximum(among, among.T)


def similarity(views: Sequence[Tensor], labels: Sequence[Tensor], eta: float, neighbours: int) -> Tensor:
    """W = W_pair + W_label + eta W_knn between all samples of all views, VN x VN with a zero diagonal, in float64.

    views: V inputs N x d; labels: N each, those of the view. W_pair is 1 between the views of one sample, W_label 1
    between samples of equal label whatever their views, W_knn 1 between neighbours within a view.
    """
    number, size = len(views), len(views[0])
    same = torch.eye(size, dtype=torch.float64, device=views[0].device)
    pairs = same.repeat(number, number)
    given = torch.cat(list(labels))
    shared = (given[:, None] == given).double()
    weights = (pairs + shared).fill_diagonal_(0.0)
    for own, x in zip(weights.view(number, size, number, size).diagonal(dim1=0, dim2=2).unbind(2), views, strict=True):
        own += eta * nearest_neighbours(x, neighbours)
    return weights


def spectrum(outputs: Tensor, weights: Tensor, ridge: float) -> Tensor:
    """Eigenvalues of H'WH u = lambda (H'DH + ridge tr(D) I) u, L of them within [-1, 1], ascending, in float64.

    outputs: H, M x L; weights: W, M x M, symmetric and not negative; D: the row sums of W on a diagonal. Their
    gradient is finite also where some are equal. NaN where an output is not finite.
    """
    h = outputs.double()
    degree = weights.sum(1)
    total = degree.sum()
    alike = h.T @ (weights @ h) / total
    spread = (h * degree[:, None]).T @ h / total
    spread = spread + ridge * torch.eye(h.shape[1], dtype=h.dtype, device=h.device)
    whole, finite = known(whitened((alike + alike.T) / 2, spread, spread)[0])
    eigenvalues: Tensor = torch.linalg.eigvalsh((whole + whole.T) / 2)
    return eigenvalues.where(finite, torch.nan)


def balanced(eigenvalues: Tensor, offset: float) -> Tensor:
    """-mean log(lambda + c), continued by its tangent below 0: the smaller an eigenvalue, the harder it is raised.

    Concave in the eigenvalues; a floor there, as in log(max(lambda, 0) + c), would leave negative ones alone.
    """
    tangent = eigenvalues / offset + math.log(offset)
    return -torch.where(eigenvalues > 0, (eigenvalues.clamp_min(0.0) + offset).log(), tangent).mean()


@dataclass(kw_only=True, eq=False)
class SMLN(Deep[SphereNetwork]):
    """Outputs under which samples that a graph joins are alike, in all directions equally.

    Hu, Zhu, Peng, Lin: Semi-Supervised Multi-Modal Learning with Balanced Spectral Decomposition, AAAI 2020. The
    graph W joins pairs, equal labels and neighbours within a view; the generalised eigenvalues of H'WH against H'DH,
    H the outputs of a batch, are raised, all of them instead of the largest. embedding: L; eta: weight of the
    neighbours; neighbours: k of the graph; offset: c of the logarithm; ridge: epsilon, relative to the sum of
    degrees. Any number of views. A batch should hold three samples per output or more. Ratios do not see a linear map
    of the outputs; only their unit length and the ridge, which keeps directions from shrinking, restrain it.

    Deviations from the authors' code: neither code nor full text was at hand, so this re-implementation follows the
    abstract and may differ from the paper anywhere. The weights of the three parts of W, the function that balances
    the eigenvalues, the graph within a batch and the outputs of unit length are ours. Every training sample has a
    label, right or wrong.
    """

    embedding: PositiveInt
    eta: NonNegativeFloat
    neighbours: PositiveInt
    offset: PositiveFloat
    betas: tuple[float, float] = (0.9, 0.999)
    ridge: PositiveFloat = 1e-2

    display: ClassVar[str] = "SMLN (re-implementation)"
    paper: ClassVar[Paper] = Paper(
        title="Semi-Supervised Multi-Modal Learning with Balanced Spectral Decomposition",
        authors="Hu, Zhu, Peng, Lin",
        venue="AAAI",
        year=2020,
        url="https://doi.org/10.1609/aaai.v34i01.5339",
        rows=("SMLN",),
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS, Need.PAIRS})

    def build(self, dims: Mapping[str, int], classes: int) -> SphereNetwork:
        return SphereNetwork(dims, self.hidden, self.embedding)

    def loss(self, batch: Batch, model: SphereNetwork, position: Step) -> dict[str, Tensor]:
        outputs = torch.cat(list(model(batch.views).values()))
        labels = [batch.labels[view] for view in batch.views]
        weights = similarity(list(batch.views.values()), labels, self.eta, self.neighbours)
        return {"total": balanced(spectrum(outputs, weights, self.ridge), self.offset)}
