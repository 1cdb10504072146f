"""RFCMH: robust fuzzy cross-modal hashing, with real-valued embeddings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor
from torch.nn import functional as F

from pipeline.core.papers import Paper
from pipeline.core.runs import Need
from pipeline.learning.loop import Batch, Step
from pipeline.learning.losses.q_contrast import q_contrast
from pipeline.learning.networks import MultiViewNetwork, mlp
from pipeline.methods.base.deep import Deep

MEMBERSHIP_TEMPERATURE, MEMBERSHIP_POWER = 0.5, 2.0
MARGIN, RELAXATION, CAUTION = 0.2, 1.0, 0.05
"""gamma, Delta and delta."""
RESTARTS = (1.0, 0.7, 0.5)
"""Share of the rate at which the cosine begins in each third of a run."""
SPREADING_STEPS, SPREADING_RATE = 50, 0.05


def class_directions(embedding: int, classes: int) -> Tensor:
    """Unit columns, m x K: orthogonal where K <= m, else random ones driven apart."""
    if classes <= embedding:
        return torch.nn.init.orthogonal_(torch.empty(embedding, embedding))[:, :classes].clone()
    directions = F.normalize(torch.randn(embedding, classes), dim=0)
    for _ in range(SPREADING_STEPS):
        overlap = (directions.T @ directions).fill_diagonal_(0)
        directions = F.normalize(directions - SPREADING_RATE * directions @ overlap, dim=0)
    return directions


class FuzzyNetwork(MultiViewNetwork):
    """An MLP per view, tanh, onto the unit sphere; a class's membership is sigmoid(<z, w_k> / .5)^2, w_k fixed."""

    directions: Tensor

    def __init__(self, dims: Mapping[str, int], classes: int, hidden: Sequence[int], embedding: int) -> None:
        super().__init__({view: mlp(dim, hidden, embedding) for view, dim in dims.items()})
        self.register_buffer("directions", class_directions(embedding, classes))

    def encode(self, view: str, x: Tensor) -> Tensor:
        return F.normalize(super().encode(view, x).tanh())

    def class_scores(self, embedding: Tensor) -> Tensor:
        """Logarithms of the memberships, so that their softmax is the share of each class in them."""
        return MEMBERSHIP_POWER * F.logsigmoid(embedding @ self.directions / MEMBERSHIP_TEMPERATURE)


def admissibility(possibility: Tensor, labels: Tensor, rivals: int, even: bool) -> Tensor:
    """How far each class can be admitted under the given labels, N x K.

    (p_y + rivals n_y) / (1 + rivals) of the label, n_y = 1 - mean of its strongest rivals' p; (p_k + n_k) / 2 of other
    classes if even, else weighted as for the label, n_k = 1 - p_y. possibility: p, N x K within [0, 1]; labels: N.
    """
    label = F.one_hot(labels, possibility.shape[1]).bool()
    strongest = possibility.masked_fill(label, 0).topk(min(rivals, possibility.shape[1] - 1), dim=1).values
    own = possibility.gather(1, labels[:, None])
    necessity = 1 - torch.where(label, strongest.mean(dim=1, keepdim=True), own)
    share = torch.full_like(possibility, rivals / (1 + rivals))
    if even:
        share = share.where(label, 0.5)
    return (1 - share) * possibility + share * necessity


def reliability(admissible: Tensor, labels: Tensor, temperature: float, standardise: bool) -> Tensor:
    """sigmoid((g - delta) / tau), g = the label's admissibility less that of its strongest rival; N within (0, 1).

    standardise: with g of mean 0 and deviation 1 over the batch, and delta = 0. admissible: N x K; labels: N.
    """
    label = F.one_hot(labels, admissible.shape[1]).bool()
    gap = admissible[label] - admissible.masked_fill(label, -torch.inf).amax(dim=1)
    gap = (gap - gap.mean()) / (gap.std(correction=0) + 1e-8) if standardise else gap - CAUTION
    return (gap / temperature).sigmoid()


def weighted_margin(similarity: Tensor, same: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean over i != j of max(0, gamma - zeta_ij s_ij), zeta = 1 where the labels are the same, else -1.

    similarity, same (boolean), weights: N x N.
    """
    others = ~torch.eye(len(similarity), dtype=torch.bool, device=similarity.device)
    violation = F.relu(MARGIN - torch.where(same, similarity, -similarity))
    return (weights * violation)[others].sum() / weights[others].sum().clamp_min(1e-8)


def separation(similarity: Tensor, temperature: float) -> Tensor:
    """Mean of gamma - s_ii + tau log sum over j != i of exp(c_ij / tau), in both directions.

    c = s where it comes within gamma of s_ii, else s - Delta. similarity: N x N of two views' pairs.
    """
    own, losses = similarity.diagonal(), []
    for s in (similarity, similarity.T):
        cost = torch.where(s > own[:, None] - MARGIN, s, s - RELAXATION).fill_diagonal_(-torch.inf)
        losses.append(MARGIN - own + temperature * (cost / temperature).logsumexp(1))
    return torch.stack(losses).sum(dim=0).mean()


def separation_as_coded(similarity: Tensor, same: Tensor) -> Tensor:
    """The authors' code: samples of the same label cost 0 and the pair itself max(0, s_ii); tau = 1.

    Both summands run over rows; they differ in the threshold, gamma below s_ii and below s_jj. same: N x N booleans.
    """
    own, losses = similarity.diagonal(), []
    itself = torch.eye(len(similarity), dtype=torch.bool, device=similarity.device)
    for threshold in (own[:, None] - MARGIN, own - MARGIN):
        cost = torch.where(similarity >= threshold, similarity, similarity - RELAXATION)
        cost = torch.where(itself, own.clamp_min(0), cost.masked_fill(same, 0))
        losses.append(MARGIN - own + cost.logsumexp(1))
    return torch.stack(losses).sum(dim=0).mean()


@dataclass(kw_only=True, eq=False)
class RFCMH(Deep[FuzzyNetwork]):
    """Fuzzy admissibility of labels, then pulls and pushes weighted by it, and contrast of instances.

    Sun, Pu, Shi, Ren, Hu, Sun: Learning with Admissibility: Robust Fuzzy Hashing for Cross-Modal Retrieval with Noisy
    Labels, ICML 2026. While t <= t_p: L = sum_v mean |a^v - y|^2 (equation 3, admissibility) + alpha L_intra; then
    L = weighted_margin with min(w_i, w_j) (equation 5, reliability) + alpha (L_intra + L_inter) (equations 7 and 9,
    q_contrast and separation). alpha: .1, on XMedia .5 (code); warm_up: t_p as a share of the run, 3 of 150 epochs;
    rivals: kappa, 4 (code); q: .01; temperature: tau, .7; gamma, Delta, delta: the constants above. Embeddings are the
    real-valued z, not their signs. With more than two views, what compares two is summed over their pairs.

    objective `code` is where the authors' code departs from the paper: memberships are divided by their sum; the
    necessity of every class weighs kappa / (1 + kappa); g is standardised; candidates of the contrast include those of
    the own view; what margin and separation compare went through tanh once more; separation_as_coded, with weight 1.

    Deviations from the authors' code: there a pair has one label; here each view's admissibility, weight and
    comparisons use its own. Gradients are not clipped (there at norm 5; on emoji none exceeded 2.7), and a last layer
    has a bias and PyTorch's initial weights. Both objectives take from the code what the paper leaves open or seems to
    misprint: the membership's temperature and power, fixed class directions, n_k = 1 - p_y (printed: p_y, which would
    punish belief in the label), a mean in the place of equation 5's sum, constant weights w, a rate that falls along a
    cosine with two restarts.
    """

    embedding: PositiveInt
    alpha: NonNegativeFloat
    warm_up: Annotated[float, Field(ge=0, le=1)] = 0.02
    rivals: PositiveInt = 4
    q: Annotated[float, Field(gt=0, le=1)] = 0.01
    temperature: PositiveFloat = 0.7
    betas: tuple[float, float] = (0.9, 0.999)
    objective: Literal["paper", "code"] = "paper"

    display: ClassVar[str] = "RFCMH"
    paper: ClassVar[Paper] = Paper(
        title="Learning with Admissibility: Robust Fuzzy Hashing for Cross-Modal Retrieval with Noisy Labels",
        authors="Sun, Pu, Shi, Ren, Hu, Sun",
        venue="ICML",
        year=2026,
        url="https://github.com/XinchengSun/RFCMH",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS, Need.PAIRS})

    def build(self, dims: Mapping[str, int], classes: int) -> FuzzyNetwork:
        return FuzzyNetwork(dims, classes, self.hidden, self.embedding)

    def own_schedule(self, epoch: int, group: str) -> float:
        """A third of the run ends with the epoch whose rate is zero."""
        third = self.epochs / len(RESTARTS)
        past = max(math.ceil(epoch / third) - 1, 0)
        return RESTARTS[past] * 0.5 * (1 + math.cos(math.pi * (epoch / third - past)))

    def loss(self, batch: Batch, model: FuzzyNetwork, position: Step) -> dict[str, Tensor]:
        coded = self.objective == "code"
        embeddings = model(batch.views)
        scores = {view: model.class_scores(z) for view, z in embeddings.items()}
        admissible = {
            view: admissibility(s.softmax(1) if coded else s.exp(), batch.labels[view], self.rivals, even=not coded)
            for view, s in scores.items()
        }
        intra = q_contrast(list(embeddings.values()), self.temperature, self.q, within=coded)
        if position.epoch < self.warm_up * position.epochs:
            supervision, inter = self._misfit(admissible, batch.labels), torch.zeros_like(intra)
        else:
            supervision, inter = self._structure(embeddings, admissible, batch.labels)
        return {
            "supervision": supervision,
            "intra": intra,
            "inter": inter,
            "total": supervision + self.alpha * intra + (inter if coded else self.alpha * inter),
        }

    def _misfit(self, admissible: Mapping[str, Tensor], labels: Mapping[str, Tensor]) -> Tensor:
        losses = [(a - F.one_hot(labels[view], a.shape[1])).square().sum(1).mean() for view, a in admissible.items()]
        return torch.stack(losses).sum()

    def _structure(
        self, embeddings: Mapping[str, Tensor], admissible: Mapping[str, Tensor], labels: Mapping[str, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Weighted margin and separation, summed over pairs of views."""
        coded = self.objective == "code"
        mean = torch.stack(list(admissible.values())).mean(dim=0).detach()
        weights = {view: reliability(mean, labels[view], self.temperature, standardise=coded) for view in embeddings}
        margins, separations = [], []
        for one, other in combinations(embeddings, 2):
            same = labels[one][:, None] == labels[other]
            first, second = embeddings[one], embeddings[other]
            if coded:
                first, second = first.tanh(), second.tanh()
            similarity = first @ second.T
            separations.append(
                separation_as_coded(similarity, same) if coded else separation(similarity, self.temperature)
            )
            cosine = F.normalize(first) @ F.normalize(second).T if coded else similarity
            margins.append(weighted_margin(cosine, same, torch.minimum(weights[one][:, None], weights[other])))
        return torch.stack(margins).sum(), torch.stack(separations).sum()
