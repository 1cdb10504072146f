"""GCE: generalised cross-entropy on MRL's networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from pydantic import Field, PositiveFloat
from torch import Tensor
from torch.nn import functional as F

from pipeline.core.papers import Paper
from pipeline.core.runs import Need
from pipeline.learning.loop import Batch, Step
from pipeline.learning.networks import PrototypeNetwork
from pipeline.methods.base.prototypes import PrototypeMethod


def generalised_cross_entropy(scores: Tensor, labels: Tensor, q: float) -> Tensor:
    """mean (1 - p_y^q) / q with p = softmax(scores): cross-entropy as q falls to 0, mean absolute error at q = 1.

    scores: N x K; labels: N.
    """
    given = F.log_softmax(scores, dim=1).gather(1, labels[:, None])
    return -torch.expm1(q * given).mean() / q


@dataclass(kw_only=True, eq=False)
class GCE(PrototypeMethod):
    """A loss between cross-entropy and mean absolute error, summed over views; nothing ties a pair together.

    Zhang, Sabuncu: Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy Labels, NeurIPS 2018.
    L_q = (1 - p_y^q) / q (equation 6) with p the softmax of the cosines with MRL's prototypes over temperature. q: the
    paper's, .7 in its experiments; temperature: ours, for cosines alone keep p far from 0 and 1, where the loss differs
    from cross-entropy. Any number of views.

    Deviations from the authors' code: none is public. MRL's networks, optimiser and schedule in the place of ResNet and
    SGD; the truncated loss, which the paper offers beside L_q, is left out.
    """

    q: Annotated[float, Field(gt=0, le=1)]
    temperature: PositiveFloat = 1.0

    display: ClassVar[str] = "GCE"
    paper: ClassVar[Paper] = Paper(
        title="Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy Labels",
        authors="Zhang, Sabuncu",
        venue="NeurIPS",
        year=2018,
        url="https://arxiv.org/abs/1805.07836",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS})

    def loss(self, batch: Batch, model: PrototypeNetwork, position: Step) -> dict[str, Tensor]:
        return {
            f"generalised_cross_entropy_{view}": generalised_cross_entropy(
                model.class_scores(z) / self.temperature, batch.labels[view], self.q
            )
            for view, z in model(batch.views).items()
        }
