"""ACMR: adversarial cross-modal retrieval."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise, permutations
from typing import ClassVar

import torch
from pydantic import NonNegativeFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.core.papers import Paper
from pipeline.core.runs import Need
from pipeline.learning.loop import Batch, Step
from pipeline.learning.networks import MultiViewNetwork, mlp
from pipeline.methods.base.deep import Deep

STEEPNESS = 10.0


def tanh_encoder(inputs: int, hidden: list[int], embedding: int) -> nn.Sequential:
    """Tanh after every layer, the last one too: n x inputs -> n x embedding within (-1, 1)."""
    layers: list[nn.Module] = []
    for before, after in pairwise([inputs, *hidden, embedding]):
        layers += [nn.Linear(before, after), nn.Tanh()]
    return nn.Sequential(*layers)


class ACMRNetwork(MultiViewNetwork):
    """An encoder per view, a label head that they share, and a discriminator that tells the views apart.

    discriminator: widths of its hidden layers.
    """

    def __init__(
        self, encoders: Mapping[str, nn.Module], classes: int, embedding: int, discriminator: list[int]
    ) -> None:
        super().__init__(encoders)
        self.head = nn.Linear(embedding, classes)
        self.discriminator = mlp(embedding, discriminator, len(encoders))

    def class_scores(self, embedding: Tensor) -> Tensor:
        scores: Tensor = self.head(embedding)
        return scores


def reverse_gradient(x: Tensor, strength: float) -> Tensor:
    """x itself; a gradient that flows back through it is multiplied by -strength."""
    return x.detach() + strength * (x.detach() - x)


def triplet_loss(
    anchors: Tensor, others: Tensor, anchor_labels: Tensor, other_labels: Tensor, negative_weight: float, margin: float
) -> Tensor:
    """Mean of l2(a, p) + negative_weight * max(0, margin - l2(a, q)) over all triplets (L_imi, one direction).

    anchors: N x m of one view; others: N x m of another, p with the label of a and q with a different one; labels: N
    each. The two summands share only the anchor, so that the sum over triplets is one over pairs: with P positives
    and Q negatives an anchor counts every positive Q times and every negative P times. 0 without triplets.
    """
    distance = torch.cdist(anchors, others, compute_mode="donot_use_mm_for_euclid_dist")
    same = anchor_labels[:, None] == other_labels
    positives, negatives = same.sum(1), (~same).sum(1)
    attraction = distance.masked_fill(~same, 0).sum(1)
    repulsion = (margin - distance).clamp_min(0).masked_fill(same, 0).sum(1)
    total = (negatives * attraction + negative_weight * (positives * repulsion)).sum()
    return total / (positives * negatives).sum().clamp_min(1)


@dataclass(kw_only=True, eq=False)
class ACMR(Deep[ACMRNetwork]):
    """Encoders that a shared label head and triplets shape while they hide from a discriminator which view they show.

    Wang, Yang, Xu, Hanjalic, Shen: Adversarial Cross-Modal Retrieval, ACM MM 2017. Encoders and label head minimise
    alpha L_imi + beta L_imd + norm_weight L_reg - lambda_adv r(p) L_adv, the discriminator minimises L_adv.
    L_imd: cross-entropy of the label head, summed over views; L_imi: triplet_loss, summed over ordered pairs of
    views, with margin m and negative_weight lambda; L_reg: sum of the Frobenius norms of the encoders' weight matrices;
    L_adv: cross-entropy of the discriminator, summed over views; r(p) = 2 / (1 + e^(-10 p)) - 1 at the share p of the
    run. embedding: width of the common space; discriminator: hidden widths. Retrieval by cosine. Any number of views.
    Labels are kept per view: "same class" compares the label of the anchor in its view with that of the other
    sample in its own, so under noise drawn per view the two halves of one pair may be each other's negative.

    Deviations from the authors' code: it follows the paper. In the code the label head is never trained and no
    adversarial gradient reaches the encoders, it does not shuffle, and its hinge is one for the sums of
    squared distances over the batch. One Adam over one total loss plays both players through gradient reversal, a step
    of each at a time, where the paper takes k steps of the encoders per step of the discriminator; the reported
    total therefore holds +L_adv. Two optimisers that alternate reach the same validation MAP. L_imi is a mean over
    triplets, not a sum; beta = 100 by itself, the rate and the ramp are the code's, norm_weight 1 is the paper's,
    margin, negative_weight and lambda_adv are ours. Hidden widths are the same in all views, the discriminator has
    ReLU between its layers, and the schedule of the rate is MRL's.
    """

    embedding: PositiveInt
    alpha: NonNegativeFloat = 1.0
    beta: NonNegativeFloat = 100.0
    lambda_adv: NonNegativeFloat = 1.0
    negative_weight: NonNegativeFloat = 1.0
    norm_weight: NonNegativeFloat = 1.0
    margin: NonNegativeFloat = 1.0
    discriminator: list[PositiveInt] = field(default_factory=lambda: [50])

    display: ClassVar[str] = "ACMR"
    paper: ClassVar[Paper] = Paper(
        title="Adversarial Cross-Modal Retrieval",
        authors="Wang, Yang, Xu, Hanjalic, Shen",
        venue="ACM MM",
        year=2017,
        url="https://doi.org/10.1145/3123266.3123326",
        rows=("ACMR",),
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS})

    def build(self, dims: Mapping[str, int], classes: int) -> ACMRNetwork:
        encoders = {view: tanh_encoder(dim, self.hidden, self.embedding) for view, dim in dims.items()}
        return ACMRNetwork(encoders, classes, self.embedding, self.discriminator)

    def loss(self, batch: Batch, model: ACMRNetwork, position: Step) -> dict[str, Tensor]:
        embeddings, labels = model(batch.views), batch.labels
        strength = self.lambda_adv * ramp(position)
        classification, adversarial = [], []
        for number, (view, z) in enumerate(embeddings.items()):
            classification.append(F.cross_entropy(model.head(z), labels[view]))
            guesses = model.discriminator(reverse_gradient(z, strength))
            adversarial.append(F.cross_entropy(guesses, torch.full_like(labels[view], number)))
        triplets = [
            triplet_loss(embeddings[a], embeddings[b], labels[a], labels[b], self.negative_weight, self.margin)
            for a, b in permutations(embeddings, 2)
        ]
        norms = [weights.norm() for weights in model.encoders.parameters() if weights.ndim > 1]
        terms = {
            "triplets": torch.stack(triplets).sum(),
            "classification": torch.stack(classification).sum(),
            "regularisation": torch.stack(norms).sum(),
            "adversarial": torch.stack(adversarial).sum(),
        }
        weights = {"triplets": self.alpha, "classification": self.beta, "regularisation": self.norm_weight}
        embedding = torch.stack([weight * terms[name] for name, weight in weights.items()]).sum()
        return terms | {"total": embedding + terms["adversarial"]}


def ramp(position: Step) -> float:
    """2 / (1 + e^(-10 p)) - 1: from 0 to nearly 1 over the share p of the run."""
    return 2 / (1 + math.exp(-STEEPNESS * position.iteration / position.iterations)) - 1
