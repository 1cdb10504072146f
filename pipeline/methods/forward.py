"""Forward correction: the loss knows how labels go wrong, on MRL's networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.nn import functional as F

from pipeline.core.papers import Paper
from pipeline.core.runs import Need
from pipeline.learning.loop import Batch, Step
from pipeline.learning.networks import PrototypeNetwork
from pipeline.methods.base.transitions import TransitionMethod


def forward_corrected(scores: Tensor, labels: Tensor, transition: Tensor) -> Tensor:
    """mean -log (T'p)_l, p = softmax(scores): cross-entropy of the given labels with what noise makes of the classes.

    scores: N x K, or more columns, which are never given as a label; labels: N; transition: T, K x K.
    """
    classes = F.log_softmax(scores, dim=1)[:, : len(transition)]
    return -(classes + transition.log().T[labels]).logsumexp(dim=1).mean()


@dataclass(kw_only=True, eq=False)
class Forward(TransitionMethod):
    """Cross-entropy behind the transition from true classes to noisy labels; nothing else ties a pair together.

    Patrini, Rozza, Menon, Nock, Qu: Making Deep Neural Networks Robust to Label Noise: A Loss Correction Approach,
    CVPR 2017. The sum over views of -log (T'p)_l (Theorem 2) with l the given label and p the softmax of the cosines
    with MRL's prototypes over temperature. T: symmetric, from the agreement of the views' labels; where that tells
    nothing, row y is p of the sample most confident of class y below the 97th percentile (equation 13), under the
    same network trained with cross-entropy. temperature: ours, for cosines alone bound p, which then cannot reach the
    classes that T expects. Any number of views.

    Deviations from the authors' code: agreement, which one label per sample cannot give. MRL's networks, optimiser and
    schedule; the first classifier and the last one have the same. The code sets the confident outliers of a class to 0
    before it reads the rows of the next classes, here they stay as they are; it switches the percentile off by hand on
    CIFAR-100, here wherever 3 % of the samples are as many as a class has.
    """

    display: ClassVar[str] = "Forward"
    paper: ClassVar[Paper] = Paper(
        title="Making Deep Neural Networks Robust to Label Noise: A Loss Correction Approach",
        authors="Patrini, Rozza, Menon, Nock, Qu",
        venue="CVPR",
        year=2017,
        url="https://openaccess.thecvf.com/content_cvpr_2017/html/Patrini_Making_Deep_Neural_CVPR_2017_paper.html",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS, Need.PAIRS})

    def loss(self, batch: Batch, model: PrototypeNetwork, position: Step) -> dict[str, Tensor]:
        return {
            f"forward_corrected_{view}": forward_corrected(
                model.class_scores(z) / self.temperature, batch.labels[view], self.transitions_[view]
            )
            for view, z in model(batch.views).items()
        }
