"""NIRNL: neighbour-aware instance refining with noisy labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import ClassVar, Literal, get_args

import torch
from pydantic import NonNegativeFloat, PositiveInt
from torch import Tensor
from torch.nn import functional as F

from pipeline.core.papers import Paper
from pipeline.core.runs import Need
from pipeline.learning.loop import Batch, Optimisers, Step
from pipeline.learning.networks import SphereNetwork
from pipeline.methods.base.deep import BLOCK, Deep

Part = Literal["pure", "hard", "noisy"]
PARTS: tuple[Part, ...] = get_args(Part)
PURE, HARD, NOISY = PARTS


class BarycentreNetwork(SphereNetwork):
    """Encoders onto the unit sphere and the K x m barycentres of the classes, which no gradient trains."""

    barycentres: Tensor

    def __init__(self, dims: Mapping[str, int], classes: int, hidden: Sequence[int], embedding: int) -> None:
        super().__init__(dims, hidden, embedding)
        self.register_buffer("barycentres", torch.zeros(classes, embedding))

    def class_scores(self, embedding: Tensor) -> Tensor:
        return embedding @ self.barycentres.T


def class_means(embeddings: Tensor, labels: Tensor, classes: int) -> Tensor:
    """Mean row per class, K x m; zero for a class without samples. embeddings: N x m; labels: N."""
    members = F.one_hot(labels, classes).to(embeddings)
    return members.T @ embeddings / members.sum(dim=0).clamp_min(1)[:, None]


def neighbours_agree(embeddings: Tensor, labels: Tensor, classes: int, neighbours: int) -> Tensor:
    """Whether most of a sample's nearest neighbours have its label; of equally frequent labels the lowest counts.

    embeddings: N x m with unit rows; labels: N -> N booleans. A sample is no neighbour of itself.
    """
    votes = []
    for rows in torch.split(torch.arange(len(labels), device=labels.device), BLOCK):
        similarity = embeddings[rows] @ embeddings.T
        similarity[torch.arange(len(rows), device=rows.device), rows] = -torch.inf
        nearest = similarity.topk(min(neighbours, len(labels) - 1), dim=1).indices
        votes.append(F.one_hot(labels[nearest], classes).sum(dim=1).argmax(dim=1))
    return torch.cat(votes) == labels


def margin_ranking(embeddings: Sequence[Tensor], margin: float) -> Tensor:
    """(1/N^2) sum over i != j of max(0, s_ij - s_ii + margin), s = <z_i, z'_j>, summed over ordered pairs of views.

    embeddings: one N x m with unit rows per view.
    """
    losses = []
    for first, second in permutations(embeddings, 2):
        similarity = first @ second.T
        violation = F.relu(similarity - similarity.diagonal()[:, None] + margin)
        losses.append((violation - violation.diagonal().diag()).mean())
    return torch.stack(losses).sum()


def part_loss(part: Part, scores: Sequence[Tensor], labels: Sequence[Tensor]) -> Tensor:
    """What a part learns from its class scores, averaged over samples and summed over views.

    With w = 1 - prod_v (1 - p_v): pure -log p_y; hard -w_y log p_y, w a constant; noisy |e_c - p|_1 = 2 (1 - p_c) with
    the c that has the largest w. scores: one N x K per view; labels: N each.
    """
    if part == PURE:
        return torch.stack([F.cross_entropy(s, y) for s, y in zip(scores, labels, strict=True)]).sum()
    probabilities = [s.softmax(dim=1) for s in scores]
    union = 1 - torch.stack([1 - p.detach() for p in probabilities]).prod(dim=0)
    if part == NOISY:
        pseudo = union.argmax(dim=1, keepdim=True)
        return torch.stack([2 * (1 - p.gather(1, pseudo)).mean() for p in probabilities]).sum()
    losses = [
        (union.gather(1, y[:, None]).squeeze(1) * F.cross_entropy(s, y, reduction="none")).mean()
        for s, y in zip(scores, labels, strict=True)
    ]
    return torch.stack(losses).sum()


@dataclass(kw_only=True, eq=False)
class NIRNL(Deep[BarycentreNetwork]):
    """Neighbours divide the pairs into pure, hard and noisy ones, each with a loss of its own, beside a ranking hinge.

    Liu, Pu, Xu, Chen, Liu, Sun: Neighbor-aware Instance Refining with Noisy Labels for Cross-Modal Retrieval, AAAI
    2026. Before every epoch the barycentre of each class is computed from all views' embeddings, and in each view the
    nearest neighbours of a sample vote. A pair is pure where the vote equals the label in all views, noisy where it
    does in none, hard between. The parts train one after another with L = L_part + alpha L_CMP (part_loss,
    margin_ranking), p = softmax(<z, barycentres>). alpha: .9 on Wikipedia, .5 elsewhere; margin: M, .9; neighbours: K,
    10; the rate is constant. Any number of views.

    Deviations from the authors' code: there a pair has one label; here each view votes, is compared and learns
    with its own labels. The mean of a class is its barycentre, to which the code's Sinkhorn iterations come within .01
    with a single barycentre per class. A hard or noisy part of one pair trains too, the diagonal's constant 2 M / N is
    left out of the hinge, and a last layer has a bias and PyTorch's initial weights.
    """

    embedding: PositiveInt
    alpha: NonNegativeFloat
    margin: NonNegativeFloat = 0.9
    neighbours: PositiveInt = 10
    betas: tuple[float, float] = (0.9, 0.999)

    display: ClassVar[str] = "NIRNL"
    paper: ClassVar[Paper] = Paper(
        title="Neighbor-aware Instance Refining with Noisy Labels for Cross-Modal Retrieval",
        authors="Liu, Pu, Xu, Chen, Liu, Sun",
        venue="AAAI",
        year=2026,
        url="https://arxiv.org/abs/2512.24064",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS, Need.PAIRS})

    def build(self, dims: Mapping[str, int], classes: int) -> BarycentreNetwork:
        return BarycentreNetwork(dims, classes, self.hidden, self.embedding)

    def own_schedule(self, epoch: int, group: str) -> float:
        return 1.0

    def before_training(self, model: BarycentreNetwork, data: Batch, valid: Batch | None) -> None:
        self._data = data

    def before_step(self, model: BarycentreNetwork, position: Step) -> None:
        if position.iteration % _per_epoch(position) == 0:
            self._divide(model)

    def step(self, batch: Batch, model: BarycentreNetwork, optimisers: Optimisers, position: Step) -> dict[str, Tensor]:
        """Train on this step's share of the epoch's batches, which are more than the loop's by three at most."""
        number, steps = position.iteration % _per_epoch(position), _per_epoch(position)
        start, stop = (len(self.batches_) * done // steps for done in (number, number + 1))
        for part, rows in self.batches_[start:stop]:
            self.part_ = part
            terms = super().step(self._data.take(rows), model, optimisers, position)
        return terms

    def loss(self, batch: Batch, model: BarycentreNetwork, position: Step) -> dict[str, Tensor]:
        embeddings = model(batch.views)
        scores = [model.class_scores(z) for z in embeddings.values()]
        classification = part_loss(self.part_, scores, [batch.labels[view] for view in embeddings])
        ranking = margin_ranking(list(embeddings.values()), self.margin)
        return {
            "classification": classification,
            "ranking": ranking,
            "total": classification + self.alpha * ranking,
        }

    def finish(self, model: BarycentreNetwork, data: Batch) -> None:
        _set_barycentres(model, model(data.views), data.labels)

    @torch.no_grad()
    def _divide(self, model: BarycentreNetwork) -> None:
        """Barycentres, parts and shuffled batches of an epoch."""
        model.eval()
        embeddings, labels = model(self._data.views), self._data.labels
        model.train()
        _set_barycentres(model, embeddings, labels)
        classes = len(model.barycentres)
        agreeing = torch.stack(
            [neighbours_agree(z, labels[view], classes, self.neighbours) for view, z in embeddings.items()]
        ).sum(dim=0)
        of_part = {PURE: agreeing == len(embeddings), NOISY: agreeing == 0}
        of_part[HARD] = ~(of_part[PURE] | of_part[NOISY])
        self.batches_: list[tuple[Part, Tensor]] = []
        for part in PARTS:
            rows = of_part[part].nonzero().squeeze(1)
            shuffled = rows[torch.randperm(len(rows)).to(rows.device)]
            self.batches_ += [(part, some) for some in torch.split(shuffled, self.batch_size) if len(some)]


def _set_barycentres(model: BarycentreNetwork, embeddings: Mapping[str, Tensor], labels: Mapping[str, Tensor]) -> None:
    stacked = torch.cat(list(embeddings.values()))
    named = torch.cat([labels[view] for view in embeddings])
    model.barycentres.copy_(class_means(stacked, named, len(model.barycentres)))


def _per_epoch(position: Step) -> int:
    return position.iterations // position.epochs
