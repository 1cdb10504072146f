"""DSCMR: deep supervised cross-modal retrieval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement, pairwise
from typing import Annotated, ClassVar

import torch
from pydantic import Field, NonNegativeFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.core.papers import Paper
from pipeline.core.runs import Need
from pipeline.learning.loop import Batch, Step
from pipeline.learning.losses.distances import label_distance, mean_distance
from pipeline.learning.networks import MultiViewNetwork
from pipeline.methods.base.deep import Deep


class DSCMRNetwork(MultiViewNetwork):
    """Hidden layers of each view, then one linear layer into the common space and one classifier for all views."""

    def __init__(self, dims: Mapping[str, int], classes: int, hidden: list[int], embedding: int) -> None:
        super().__init__({view: _hidden_layers([dim, *hidden]) for view, dim in dims.items()})
        self.common = nn.Linear(hidden[-1], embedding)
        self.classifier = nn.Linear(embedding, classes)

    def encode(self, view: str, x: Tensor) -> Tensor:
        embedding: Tensor = self.common(super().encode(view, x))
        return embedding

    def class_scores(self, embedding: Tensor) -> Tensor:
        scores: Tensor = self.classifier(embedding)
        return scores


def _hidden_layers(widths: list[int]) -> nn.Sequential:
    """Linear layers with ReLU after every one."""
    return nn.Sequential(*[layer for sizes in pairwise(widths) for layer in (nn.Linear(*sizes), nn.ReLU())])


def similarity_likelihood(first: Tensor, second: Tensor, first_labels: Tensor, second_labels: Tensor) -> Tensor:
    """mean log(1 + exp G_ij) - S_ij G_ij, G = cosine / 2, S = 1 for the same label: the common space (J_2).

    first, second: N x m embeddings of two views or of one view twice; labels: N each, of the view they stand for.
    """
    half = F.normalize(first) @ F.normalize(second).T / 2
    return (F.softplus(half) - (first_labels[:, None] == second_labels) * half).mean()


@dataclass(kw_only=True, eq=False)
class DSCMR(Deep[DSCMRNetwork]):
    """Distances to one-hot labels, a likelihood of same-class similarities, and distances within pairs.

    Zhen, Hu, Wang, Peng: Deep Supervised Cross-Modal Retrieval, CVPR 2019. J = J_1 + lambda J_2 + eta J_3: J_1 sums
    over views, J_2 over pairs of views and each view with itself, J_3 over pairs of views. alpha, beta: lambda and
    eta, by their names in the code, which alone gives their values; hidden: ReLU layers of each view (2048);
    embedding: width of the common space (1024), which is not normalised. The rate is constant. Any number of views.

    Deviations from the authors' code: training samples are shuffled, and validation MAP chooses the epoch; the code
    keeps their order and chooses by test MAP. With views labelled apart, J_1 takes the label of the view it acts on and
    S compares the labels of the two views it joins, so that a pair may count as of different classes. As in the code,
    J_1 and J_3 are means of norms of samples, where the paper takes a Frobenius norm over n, P is trained with the
    rest, where the paper solves for it, and no ReLU follows the shared layer.
    """

    hidden: Annotated[list[PositiveInt], Field(min_length=1)]
    embedding: PositiveInt
    alpha: NonNegativeFloat = 1e-3
    beta: NonNegativeFloat = 1e-1

    display: ClassVar[str] = "DSCMR"
    paper: ClassVar[Paper] = Paper(
        title="Deep Supervised Cross-Modal Retrieval",
        authors="Zhen, Hu, Wang, Peng",
        venue="CVPR",
        year=2019,
        url="https://openaccess.thecvf.com/content_CVPR_2019/html/Zhen_Deep_Supervised_Cross-Modal_Retrieval_CVPR_2019_paper.html",
        rows=("DSCMR",),
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS, Need.PAIRS})

    def build(self, dims: Mapping[str, int], classes: int) -> DSCMRNetwork:
        return DSCMRNetwork(dims, classes, self.hidden, self.embedding)

    def own_schedule(self, epoch: int, group: str) -> float:
        return 1.0

    def loss(self, batch: Batch, model: DSCMRNetwork, position: Step) -> dict[str, Tensor]:
        embeddings, labels = model(batch.views), batch.labels
        label = torch.stack([label_distance(model.class_scores(z), labels[view]) for view, z in embeddings.items()])
        similarity = torch.stack(
            [
                similarity_likelihood(embeddings[one], embeddings[other], labels[one], labels[other])
                for one, other in combinations_with_replacement(embeddings, 2)
            ]
        )
        pairs = [mean_distance(one, other) for one, other in combinations(embeddings.values(), 2)]
        terms = {"labels": label.sum(), "similarity": similarity.sum(), "pairs": torch.stack(pairs).sum()}
        return terms | {"total": terms["labels"] + self.alpha * terms["similarity"] + self.beta * terms["pairs"]}
