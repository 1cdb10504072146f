"""FGCrossNet: one classifier for all views, with centres and ranking in the space of its logits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.core.papers import Paper
from pipeline.core.runs import Need
from pipeline.learning.loop import Batch, Step
from pipeline.learning.networks import mlp
from pipeline.methods.base.deep import Deep
from pipeline.methods.base.posteriors import PosteriorNetwork


class FGCrossNetwork(PosteriorNetwork):
    """A first layer per view, the rest shared by the views, and a centre per class in the space of the logits."""

    def __init__(self, dims: Mapping[str, int], hidden: list[int], classes: int) -> None:
        first, *rest = hidden
        super().__init__({view: nn.Sequential(nn.Linear(dim, first), nn.ReLU()) for view, dim in dims.items()})
        self.shared = mlp(first, rest, classes)
        self.centres = nn.Parameter(torch.randn(classes, classes))

    def logits(self, view: str, x: Tensor) -> Tensor:
        logits: Tensor = self.shared(super().logits(view, x))
        return logits


def centre_loss(logits: Tensor, labels: Tensor, centres: Tensor) -> Tensor:
    """mean |o - g_y|^2. logits: M x K; labels: M; centres: K x K, row g_y of class y."""
    return (logits - F.embedding(labels, centres)).square().sum(1).mean()


def sample_quadruplets(labels: Tensor, classes: int, count: int) -> tuple[Tensor, Tensor]:
    """Draw quadruplets of rows (i, j, k, l) of the views' logits stacked one after another.

    labels: V x N. i: any sample of any view; j: of i's class in another view than i's; k: of another class in
    another view than i's; l: of a third class in another view than k's; each uniform among those allowed. Gives
    count x 4 rows and count truth values, false where there is no such sample. No number leaves the device.
    """
    views, size = labels.shape
    names = torch.arange(classes, device=labels.device)
    numbers = (labels[..., None] == names).sum(1)
    starts = numbers.cumsum(1) - numbers
    by_class = labels.argsort(dim=1, stable=True)

    def another(view: Tensor) -> Tensor:
        return (view + torch.randint(1, views, (count,), device=labels.device)) % views

    def draw(view: Tensor, allowed: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Row and class of a sample of these views (count) and classes (count x K), and whether there is one."""
        available = numbers[view] * allowed
        up_to = available.cumsum(1)
        choices = up_to[:, -1]
        rank = (torch.rand(count, dtype=torch.float64, device=labels.device) * choices).long()
        label = (rank[:, None] >= up_to).sum(1).clamp_max(classes - 1)
        within = rank - (up_to - available).gather(1, label[:, None]).squeeze(1)
        place = (starts[view, label] + within).clamp_max(size - 1)
        return view * size + by_class[view, place], label, choices > 0

    view = torch.randint(views, (count,), device=labels.device)
    anchor = view * size + torch.randint(size, (count,), device=labels.device)
    own = labels.flatten()[anchor][:, None] == names
    positive, _, has_positive = draw(another(view), own)
    view = another(view)
    negative, label, has_negative = draw(view, ~own)
    third, _, has_third = draw(another(view), ~own & (label[:, None] != names))
    return torch.stack([anchor, positive, negative, third], dim=1), has_positive & has_negative & has_third


def ranking_loss(logits: Tensor, quadruplets: Tensor, valid: Tensor, first: float, second: float) -> Tensor:
    """Mean of max(0, (d_ij - d_ik + first) + (d_ij - d_kl + second)) over the valid quadruplets where it is not 0.

    logits: M x K; quadruplets: T x 4 rows; valid: T truth values; d: Euclidean. 0 without such quadruplets.
    """
    anchor, positive, negative, third = F.embedding(quadruplets, logits).unbind(1)
    near = torch.linalg.vector_norm(anchor - positive, dim=1)
    far = torch.linalg.vector_norm(anchor - negative, dim=1) + torch.linalg.vector_norm(negative - third, dim=1)
    excess = 2 * near - far + first + second
    hinge: Tensor = excess.masked_fill(~valid, 0).clamp_min(0)
    return hinge.sum() / torch.count_nonzero(hinge).clamp_min(1)


@dataclass(kw_only=True, eq=False)
class FGCrossNet(Deep[FGCrossNetwork]):
    """Classification, centre and ranking constraints on the logits o of one classifier; retrieval by softmax(o).

    He, Peng, Xie: A New Benchmark and Approach for Fine-grained Cross-media Retrieval, ACM MM 2019.
    L = sum over views of the cross-entropy + centre_weight * centre_loss, and + ranking_weight * ranking_loss from
    the share ranking_from of the run on; margin, second_margin: the code's margin, margin2. hidden: width of the
    first layer of every view, then of the shared ones; centre_learning_rate: of the parameter group "centres";
    quadruplets: drawn per batch. Any number of views; every label is that of the view it stands in, so under noise
    drawn per view a pair may be in different classes. Without three classes in a batch nothing is ranked.

    Deviations from the authors' code: a layer per view and a shared one on fixed features where one ResNet-50 reads
    all media; Adam with MRL's schedule where the code has SGD that halves its rate every 3 epochs; one run in two
    parts where the code trains twice 50 epochs. The centres have a rate of their own, in the code that of the
    network. With Adam, the factor 1000 by which the code frees the centres' gradient from the centre weight changes
    nothing and is left out. The code ranks all quadruplets of 16 samples, whatever their medium; here a draw of them,
    in which all three distances run between two views: with four media the paper has one sample of each, with two
    views k is in the view of j and l in that of i.
    """

    hidden: Annotated[list[PositiveInt], Field(min_length=1)]
    centre_learning_rate: PositiveFloat = 1e-3
    centre_weight: NonNegativeFloat = 1e-3
    ranking_weight: NonNegativeFloat = 0.1
    ranking_from: Annotated[float, Field(ge=0, le=1)] = 0.5
    margin: NonNegativeFloat = 1.0
    second_margin: NonNegativeFloat = 0.5
    quadruplets: PositiveInt = 4096

    display: ClassVar[str] = "FGCrossNet"
    paper: ClassVar[Paper] = Paper(
        title="A New Benchmark and Approach for Fine-grained Cross-media Retrieval",
        authors="He, Peng, Xie",
        venue="ACM MM",
        year=2019,
        url="https://arxiv.org/abs/1907.04476",
        rows=("FGCrossNet",),
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS})

    def build(self, dims: Mapping[str, int], classes: int) -> FGCrossNetwork:
        return FGCrossNetwork(dims, self.hidden, classes)

    def parameter_groups(self, model: FGCrossNetwork) -> list[dict[str, Any]]:
        return [
            {"name": "networks", "params": [*model.encoders.parameters(), *model.shared.parameters()]},
            {"name": "centres", "params": [model.centres], "lr": self.centre_learning_rate, "weight_decay": 0.0},
        ]

    def loss(self, batch: Batch, model: FGCrossNetwork, position: Step) -> dict[str, Tensor]:
        by_view = [model.logits(view, x) for view, x in batch.views.items()]
        labels = torch.stack([batch.labels[view] for view in batch.views])
        logits = torch.cat(by_view)
        classification = torch.stack([F.cross_entropy(o, y) for o, y in zip(by_view, labels, strict=True)]).sum()
        centres = centre_loss(logits, labels.flatten(), model.centres)
        ranking = logits.new_zeros(())
        if position.epoch >= round(self.ranking_from * position.epochs):
            drawn = sample_quadruplets(labels, logits.shape[1], self.quadruplets)
            ranking = ranking_loss(logits, *drawn, self.margin, self.second_margin)
        total = classification + self.centre_weight * centres + self.ranking_weight * ranking
        return {"classification": classification, "centres": centres, "ranking": ranking, "total": total}
