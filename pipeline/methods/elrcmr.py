"""ELRCMR: early-learning regularised contrastive learning for cross-modal retrieval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor
from torch.nn import functional as F

from pipeline.core.papers import Paper
from pipeline.core.runs import Need
from pipeline.learning.loop import Batch, Step
from pipeline.learning.losses.contrastive import contrastive
from pipeline.learning.losses.robust_clustering import robust_clustering
from pipeline.learning.networks import PrototypeNetwork
from pipeline.methods.base.deep import cosine
from pipeline.methods.base.prototypes import PrototypeMethod

MOMENTUM = 0.9
CLAMP = 1e-4
STEEPNESS = 5.0
SHRINKAGE = 1 - math.exp(-5.0)
"""What the authors' code takes for the decay of its weight average."""


def early_learning(probabilities: Tensor, memory: Tensor) -> Tensor:
    """mean log(1 - <q, p>): minimised, so that predictions stay with what was learned early.

    probabilities: N x K, within (0, 1); memory: N x K running average of each sample's predictions, q.
    """
    return (1 - (memory * probabilities).sum(1)).log().mean()


def same_prediction_contrast(embeddings: Tensor, predicted: Tensor, temperature: float) -> Tensor:
    """Contrast within one view between samples of the same predicted class, summed over the batch.

    embeddings: N x m with unit rows; predicted: N class indices. A sample with P positives counts with
    1 / (2P - 1) times the sum over them, one without positives with nothing.
    """
    itself = torch.eye(len(embeddings), dtype=torch.bool, device=embeddings.device)
    similarity = (embeddings @ embeddings.T / temperature).masked_fill(itself, -torch.inf)
    positive = (predicted[:, None] == predicted) & ~itself
    count = positive.sum(1)
    missing = (similarity.logsumexp(1, keepdim=True) - similarity).masked_fill(~positive, 0).sum(1)
    return (missing / (2 * count - 1)).masked_fill(count == 0, 0).sum()


@dataclass(kw_only=True, eq=False)
class ELRCMR(PrototypeMethod):
    """MRL's loss with a memory of early predictions, and a balance that moves from labels to contrast.

    Xu, Liu, Huang, Guo, Hong, Wang: Early-Learning regularized Contrastive Learning for Cross-Modal Retrieval with
    Noisy Labels, ACM MM 2022. L = b_t sum_v (L_r + lama L_elr) + (1 - b_t) (zeta sum_v I_v + L_c) with
    b_t = beta (1 - exp(-5 (1 - t / T)^2)) falling from beta. lama, zeta, beta: the authors' names; balance_steps:
    T as a multiple of the run's iterations (3000 / 2200 on Wikipedia); temperature: 1; annealing: epochs over which the
    rate falls to zero along a cosine, the run's own where None. Any number of views.

    Deviations from the authors' code: the memory is written in training steps only; with memory_in_evaluation it
    is, as in the code, written once more for all training samples after every epoch, then overwritten in
    the rows of the validation samples' positions, and before the first epoch by an update-free one, which t counts
    too (the code also lets the test samples in, which training must not see here). Weights are left alone; with
    shrinking_weights the encoders are multiplied by alpha (2 - alpha), alpha = 1 - exp(-5), before every step but the
    first, which is what the code's weight average amounts to (there after every step but the first). The code anneals
    over 100 epochs however long the run is (annealing: 100). K prototypes as in MRL (spare_prototypes).
    """

    lama: NonNegativeFloat
    zeta: NonNegativeFloat
    beta: NonNegativeFloat
    balance_steps: PositiveFloat
    temperature: PositiveFloat = 1.0
    annealing: PositiveInt | None = None
    memory_in_evaluation: bool = False
    shrinking_weights: bool = False

    display: ClassVar[str] = "ELRCMR"
    paper: ClassVar[Paper] = Paper(
        title="Early-Learning regularized Contrastive Learning for Cross-Modal Retrieval with Noisy Labels",
        authors="Xu, Liu, Huang, Guo, Hong, Wang",
        venue="ACM MM",
        year=2022,
        url="https://doi.org/10.1145/3503161.3548066",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS, Need.PAIRS})

    def before_training(self, model: PrototypeNetwork, data: Batch, valid: Batch | None) -> None:
        self._splits = [data] if valid is None else [data, valid]
        rows = 1 + max(int(split.index.max()) for split in self._splits)
        empty = torch.zeros(rows, model.prototypes.shape[1], device=data.index.device)
        self.memory_ = {view: empty.clone() for view in data.views}

    def own_schedule(self, epoch: int, group: str) -> float:
        return cosine(epoch, self.annealing or self.epochs)

    def before_step(self, model: PrototypeNetwork, position: Step) -> None:
        if self.shrinking_weights and position.iteration > 0:
            _shrink(model)
        if self.memory_in_evaluation and position.iteration % _per_epoch(position) == 0:
            self._evaluate(model, self._splits[:1] if position.epoch == 0 else [])
            self._evaluate(model, self._splits)
        super().before_step(model, position)

    def loss(self, batch: Batch, model: PrototypeNetwork, position: Step) -> dict[str, Tensor]:
        embeddings = model(batch.views)
        clustering, early, within = [], [], []
        for view, z in embeddings.items():
            scores = model.class_scores(z)
            clustering.append(robust_clustering(scores, batch.labels[view], self.temperature))
            probabilities = _probabilities(scores, self.temperature)
            early.append(early_learning(probabilities, self._remember(view, batch.index, probabilities)))
            within.append(same_prediction_contrast(z, scores.argmax(1), self.temperature))
        terms = {
            name: torch.stack(values).sum()
            for name, values in (("clustering", clustering), ("early_learning", early), ("within", within))
        }
        terms["contrastive"] = contrastive(list(embeddings.values()), self.temperature)
        balance = self._balance(position)
        supervised = terms["clustering"] + self.lama * terms["early_learning"]
        contrast = self.zeta * terms["within"] + terms["contrastive"]
        return terms | {"total": balance * supervised + (1 - balance) * contrast}

    def _balance(self, position: Step) -> float:
        """b_t, falling from beta; t counts from 1."""
        t = position.iteration + 1 + (_per_epoch(position) if self.memory_in_evaluation else 0)
        left = 1 - min(t / (self.balance_steps * position.iterations), 1.0)
        return self.beta * (1 - math.exp(-STEEPNESS * left**2))

    def _remember(self, view: str, index: Tensor, probabilities: Tensor) -> Tensor:
        """Move the memory of the samples at these positions towards their predictions and return it, N x K."""
        now = probabilities.detach()
        now = MOMENTUM * self.memory_[view][index] + (1 - MOMENTUM) * now / now.sum(1, keepdim=True)
        self.memory_[view][index] = now
        return now

    @torch.no_grad()
    def _evaluate(self, model: PrototypeNetwork, splits: list[Batch]) -> None:
        model.eval()
        for split in splits:
            for view, z in model(split.views).items():
                self._remember(view, split.index, _probabilities(model.class_scores(z), self.temperature))
        model.train()


def _probabilities(scores: Tensor, temperature: float) -> Tensor:
    return F.softmax(scores / temperature, dim=1).clamp(CLAMP, 1 - CLAMP)


def _per_epoch(position: Step) -> int:
    return position.iterations // position.epochs


@torch.no_grad()
def _shrink(model: PrototypeNetwork) -> None:
    for parameter in model.encoders.parameters():
        parameter.mul_(SHRINKAGE * (2 - SHRINKAGE))
