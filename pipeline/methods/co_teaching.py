"""Co-teaching: two networks choose each other's samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import torch
from pydantic import Field, PositiveFloat
from torch import Tensor
from torch.nn import functional as F

from pipeline.core.papers import Paper
from pipeline.core.runs import Need
from pipeline.learning.loop import Batch, Step
from pipeline.learning.networks import PrototypeNetwork
from pipeline.methods.base.transitions import TransitionMethod, wrong_share


def co_teaching(one: Tensor, other: Tensor, labels: Tensor, forget_rate: float) -> tuple[Tensor, Tensor]:
    """Mean cross-entropy of each network on the samples that the other one fits best.

    one, other: N x K logits; labels: N. A network passes on the int((1 - forget_rate) N) samples of its smallest
    losses, one at least.
    """
    losses = [F.cross_entropy(scores, labels, reduction="none") for scores in (one, other)]
    kept = max(1, int((1 - forget_rate) * len(labels)))
    by_one, by_other = (loss.detach().argsort()[:kept] for loss in losses)
    return losses[0][by_other].mean(), losses[1][by_one].mean()


@dataclass(kw_only=True, eq=False)
class CoTeaching(TransitionMethod):
    """Cross-entropy on the samples whose label the other one of two networks finds plausible.

    Han, Yao, Yu, Niu, Xu, Hu, Tsang, Sugiyama: Co-teaching: Robust Training of Deep Neural Networks with Extremely
    Noisy Labels, NeurIPS 2018. In every batch and view each network minimises the cross-entropy on the R(T) N samples
    of smallest loss under the other, R(T) = 1 - tau min(T / T_k, 1) with T the epoch from 0. tau: forget_factor times
    the share of wrong labels in the view (1 in the paper, which tries .5 to 1.5), at most 1 - 1/K, what chance leaves
    wrong; that share: from the agreement of the views' labels, where this tells nothing from the transitions that the
    networks' most confident samples give (transitions.py), with cross-entropy on all samples before. gradual: T_k as a
    share of the run (10 of 200 epochs); temperature: ours, of the softmax over the cosines with MRL's prototypes. The
    first network is evaluated: the spaces of two networks have no mean. Any number of views.

    Deviations from the authors' code: the code is told the rate of the noise. It takes T_k - 1 for T_k, and divides the
    mean loss by the number of samples once more, which Adam hardly notices. MRL's networks, optimiser and schedule; the
    code lowers Adam's beta_1 to .1 late in the run.
    """

    gradual: Annotated[float, Field(gt=0, le=1)]
    forget_factor: PositiveFloat = 1.0

    display: ClassVar[str] = "Co-teaching"
    paper: ClassVar[Paper] = Paper(
        title="Co-teaching: Robust Training of Deep Neural Networks with Extremely Noisy Labels",
        authors="Han, Yao, Yu, Niu, Xu, Hu, Tsang, Sugiyama",
        venue="NeurIPS",
        year=2018,
        url="https://arxiv.org/abs/1804.06872",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS, Need.PAIRS})

    def before_training(self, model: PrototypeNetwork, data: Batch, valid: Batch | None) -> None:
        dims = {view: x.shape[1] for view, x in data.views.items()}
        classes = model.prototypes.shape[1] - self.spare_prototypes
        self.peer_ = self.whole(dims, classes).to(data.index.device)

    def before_step(self, model: PrototypeNetwork, position: Step) -> None:
        super().before_step(model, position)
        super().before_step(self.peer_, position)

    def parameter_groups(self, model: PrototypeNetwork) -> list[dict[str, Any]]:
        return [*super().parameter_groups(model), {"name": "peer", "params": list(self.peer_.parameters())}]

    def loss(self, batch: Batch, model: PrototypeNetwork, position: Step) -> dict[str, Tensor]:
        """Terms of the two networks, whose parameters they do not share: one step down their sum is a step of each."""
        first, second = [], []
        peers = self.peer_(batch.views)
        for view, z in model(batch.views).items():
            one, other = co_teaching(
                model.class_scores(z) / self.temperature,
                self.peer_.class_scores(peers[view]) / self.temperature,
                batch.labels[view],
                self._forget_rate(view, position),
            )
            first.append(one)
            second.append(other)
        return {"network": torch.stack(first).sum(), "peer": torch.stack(second).sum()}

    def _forget_rate(self, view: str, position: Step) -> float:
        """1 - R(T)."""
        transition = self.transitions_[view]
        tau = min(self.forget_factor * wrong_share(transition), 1 - 1 / len(transition))
        return tau * min(position.epoch / (self.gradual * position.epochs), 1.0)
