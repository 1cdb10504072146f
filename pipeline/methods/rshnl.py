"""RSHNL: robust self-paced hashing with noisy labels, with real-valued embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.core.papers import Paper
from pipeline.core.runs import Need
from pipeline.learning.loop import Batch, Step
from pipeline.learning.losses.q_contrast import bounded, q_contrast
from pipeline.learning.networks import MultiViewNetwork, mlp
from pipeline.methods.base.deep import Deep


def code_mlp(inputs: int, hidden: Sequence[int], bits: int, bias: bool) -> nn.Sequential:
    """An MLP whose last layer starts within 1 / sqrt(inputs), so that tanh of its outputs is far from zero."""
    network = mlp(inputs, hidden, bits)
    network[-1] = last = nn.Linear(hidden[-1], bits, bias=bias)
    nn.init.uniform_(last.weight, -(inputs**-0.5), inputs**-0.5)
    return network


class RSHNLNetwork(MultiViewNetwork):
    """An MLP per view and one for the classes, which reads the identity matrix; tanh, onto the unit sphere."""

    def __init__(self, dims: Mapping[str, int], classes: int, hidden: Sequence[int], embedding: int) -> None:
        super().__init__({view: code_mlp(dim, hidden, embedding, bias=False) for view, dim in dims.items()})
        self.classes = classes
        self.centres = code_mlp(classes, hidden, embedding, bias=True)

    def encode(self, view: str, x: Tensor) -> Tensor:
        return F.normalize(super().encode(view, x).tanh())

    def class_scores(self, embedding: Tensor) -> Tensor:
        identity = torch.eye(self.classes, dtype=embedding.dtype, device=embedding.device)
        return embedding @ F.normalize(self.centres(identity).tanh()).T


def self_paced_weights(difficulty: Tensor, gamma: float) -> Tensor:
    """max(0, 1 - l / gamma), the w that minimises w l + gamma (w^2 / 2 - w); no gradient flows through it."""
    return (1 - difficulty.detach() / gamma).clamp_min(0)


@dataclass(kw_only=True, eq=False)
class RSHNL(Deep[RSHNLNetwork]):
    """Bounded losses around learned class codes, easy labels first, plus a bounded contrast of pairs.

    Pu, Sun, Qin, Ren, Song, Zheng, Peng: Robust Self-Paced Hashing for Cross-Modal Retrieval with Noisy Labels, AAAI
    2025. L = mean_i [sum_v w l_iv + gamma (w^2 / 2 - w)] + alpha L_c with l = (1 - q) (1 - p^q) / q + q (1 - p), p the
    softmax of the cosines with the class codes, and w = max(0, 1 - sum_v l_iv / gamma); in the warm-up w = 1 and the
    term in gamma is missing. L_c is the same loss of finding one's pair. alpha: .05 to .3; gamma: 3 to 9; q: .01;
    temperature: tau, 1 (all from the code); warm_up: tp as a share of the run, 5 of 150 epochs. Embeddings are the
    real-valued unit vectors, not their signs. Any number of views.

    Deviations from the authors' code: the paper's full text was not at hand, the objective is the code's. There a pair
    has one label; here every label has its own weight, from its loss under all views' predictions, which is the code
    where a pair's labels agree. Epochs are chosen by cosine, there by Hamming distance of the signs.
    """

    embedding: PositiveInt
    alpha: NonNegativeFloat
    gamma: PositiveFloat
    warm_up: Annotated[float, Field(ge=0, le=1)]
    q: Annotated[float, Field(gt=0, le=1)] = 0.01
    temperature: PositiveFloat = 1.0
    betas: tuple[float, float] = (0.9, 0.999)

    display: ClassVar[str] = "RSHNL"
    paper: ClassVar[Paper] = Paper(
        title="Robust Self-Paced Hashing for Cross-Modal Retrieval with Noisy Labels",
        authors="Pu, Sun, Qin, Ren, Song, Zheng, Peng",
        venue="AAAI",
        year=2025,
        url="https://doi.org/10.1609/aaai.v39i19.34199",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS, Need.PAIRS})

    def build(self, dims: Mapping[str, int], classes: int) -> RSHNLNetwork:
        return RSHNLNetwork(dims, classes, self.hidden, self.embedding)

    def own_schedule(self, epoch: int, group: str) -> float:
        return 1.0

    def loss(self, batch: Batch, model: RSHNLNetwork, position: Step) -> dict[str, Tensor]:
        embeddings = model(batch.views)
        log_p = {view: model.class_scores(z).log_softmax(dim=1) for view, z in embeddings.items()}
        paced = position.epoch >= round(self.warm_up * position.epochs)
        aggregation = []
        for view, labels in batch.labels.items():
            losses = {other: bounded(rows.gather(1, labels[:, None])[:, 0], self.q) for other, rows in log_p.items()}
            if not paced:
                aggregation.append(losses[view].mean())
                continue
            w = self_paced_weights(torch.stack(list(losses.values())).sum(dim=0), self.gamma)
            regulariser = self.gamma * (w.square() / 2 - w) / len(embeddings)
            aggregation.append((w * losses[view] + regulariser).mean())
        centres = torch.stack(aggregation).sum()
        contrast = q_contrast(list(embeddings.values()), self.temperature, self.q)
        return {"centres": centres, "contrastive": contrast, "total": centres + self.alpha * contrast}
