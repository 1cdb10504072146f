"""DAC: divide-and-conquer alignment and correction."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np
import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.core.papers import Paper
from pipeline.core.runs import Need
from pipeline.core.splits import Array
from pipeline.learning.loop import Batch, Step
from pipeline.learning.losses.contrastive import contrastive
from pipeline.learning.networks import MultiViewNetwork, mlp
from pipeline.methods.base.deep import BLOCK, Deep

MIXTURE = {"n_components": 2, "max_iter": 10, "reg_covar": 5e-4, "tol": 1e-2}
THRESHOLD = 0.5
"""A label is clean if it belongs to the component of small losses with more than this probability."""
DECAY, DECAY_AFTER = 0.1, 0.25
"""The rate falls to a tenth after the warm-up, and to a tenth of that after a half and after three quarters."""


def encoder(inputs: int, hidden: list[int], embedding: int, dropout: float) -> nn.Sequential:
    """The authors' network for point features: batch norm and ReLU after every layer, so embeddings are >= 0."""
    layers: list[nn.Module] = []
    for before, after in pairwise([inputs, *hidden]):
        layers += [nn.Linear(before, after, bias=False), nn.BatchNorm1d(after), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(hidden[-1], embedding), nn.BatchNorm1d(embedding), nn.ReLU())


class DACNetwork(MultiViewNetwork):
    """An encoder per view, a head that they share, a head on all views side by side, and a centre per class."""

    def __init__(self, encoders: Mapping[str, nn.Module], classes: int, embedding: int) -> None:
        super().__init__(encoders)
        wide = len(encoders) * embedding
        self.head = mlp(embedding, [embedding // 2], classes)
        self.joint_head = mlp(wide, [wide // 2], classes)
        self.centres = nn.Parameter(torch.randn(classes, embedding))

    def class_scores(self, embedding: Tensor) -> Tensor:
        scores: Tensor = self.head(embedding)
        return scores

    def joint_scores(self, embeddings: Mapping[str, Tensor]) -> Tensor:
        """View -> N x m embeddings of the same pairs; N x K."""
        scores: Tensor = self.joint_head(torch.cat(list(embeddings.values()), dim=1))
        return scores


def joint_loss(scores: Mapping[str, Tensor], joint: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of the joint scores plus the mean of that of the views' scores; all N x K, labels N -> N."""
    views = torch.stack([F.cross_entropy(s, labels, reduction="none") for s in scores.values()])
    return F.cross_entropy(joint, labels, reduction="none") + views.mean(dim=0)


def clean_probability(losses: Array, seed: int) -> Array:
    """Probability of the component of smaller losses in a mixture of two Gaussians; losses: n -> n."""
    spread = np.ptp(losses)
    if spread == 0:
        return np.ones(len(losses))
    column = ((losses - losses.min()) / spread)[:, None].astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the authors stop after ten steps too
        mixture = GaussianMixture(**MIXTURE, random_state=seed).fit(column)
    probability: Array = mixture.predict_proba(column)[:, mixture.means_.argmin()]
    return probability


def balance(scores: Tensor) -> Tensor:
    """KL divergence of the mean predicted distribution of a batch from the uniform one. scores: N x K."""
    size, classes = scores.shape
    mean = scores.log_softmax(dim=1).logsumexp(dim=0) - math.log(size)
    return -mean.mean() - math.log(classes)


def classification(scores: Tensor, targets: Tensor, weight: float) -> Tensor:
    """Mean cross-entropy plus weight times balance; scores, targets (probabilities): N x K."""
    return F.cross_entropy(scores, targets) + weight * balance(scores)


class Weights(NamedTuple):
    """What the terms of a part weigh beside its cross-entropies."""

    balance: float
    centres: float
    instance: float


@dataclass(kw_only=True, eq=False)
class DAC(Deep[DACNetwork]):
    """A mixture on the joint loss divides clean from noisy labels; the noisy ones give way to earlier predictions.

    Gan, Tu, Li, Lin: DAC: 2D-3D Retrieval with Noisy Labels via Divide-and-Conquer Alignment and Correction, ACM MM
    2024. L = L(clean) + L(noisy), L(S) = L_cls + a L_sem + b L_inst over S: L_cls = mean_v CE_v + CE of the joint head
    + KL(uniform || mean p) of each; L_sem = CE of cosines with class centres / temperature; L_inst = contrast of pairs.
    clean: a = centre_weight, b = 1; noisy: a = 1, b = instance_weight. Targets of noisy labels are moving averages of
    the joint head's predictions, with momentum beta. warm_up: share of the run in which every label counts as clean and
    the KL is left out, 4 of 400 epochs. All constants are the code's. Any number of views.

    Deviations from the authors' code: the paper's full text was not at hand, the objective is the code's. There a pair
    has one label; here labels are divided one by one, each by its loss under the joint head and all views' heads. A
    term takes the label of the view that it acts on, the joint head that of every view; a pair is clean in L_inst if
    all its labels are. Where a pair's labels agree, this is the code. The code keeps the epoch of the best test I2P,
    here validation chooses. Labels are divided after every epoch (there: the first ten past the warm-up, then every
    twentieth). A batch is drawn from all pairs; there at least half of it is clean, and an epoch ends with the clean
    pairs. All views come as features, where the code also trains a ResNet-18 on pictures. The warm-up has no negative
    entropy, which the code adds when told that the noise is asymmetric.
    """

    embedding: PositiveInt
    warm_up: Annotated[float, Field(ge=0, le=1)]
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: NonNegativeFloat = 1e-3
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.4
    centre_weight: NonNegativeFloat = 10.0
    instance_weight: NonNegativeFloat = 10.0
    temperature: PositiveFloat = 0.22
    beta: Annotated[float, Field(ge=0, lt=1)] = 0.9

    display: ClassVar[str] = "DAC"
    paper: ClassVar[Paper] = Paper(
        title="DAC: 2D-3D Retrieval with Noisy Labels via Divide-and-Conquer Alignment and Correction",
        authors="Gan, Tu, Li, Lin",
        venue="ACM MM",
        year=2024,
        url="https://arxiv.org/abs/2407.17779",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS, Need.PAIRS})

    def build(self, dims: Mapping[str, int], classes: int) -> DACNetwork:
        encoders = {view: encoder(dim, self.hidden, self.embedding, self.dropout) for view, dim in dims.items()}
        return DACNetwork(encoders, classes, self.embedding)

    def parameter_groups(self, model: DACNetwork) -> list[dict[str, Any]]:
        modules = (model.encoders, model.head, model.joint_head)
        networks = [parameter for module in modules for parameter in module.parameters()]
        return [
            {"name": "networks", "params": networks},
            {"name": "centres", "params": [model.centres], "weight_decay": 0.0},
        ]

    def own_schedule(self, epoch: int, group: str) -> float:
        if epoch < self._warm_up_epochs:
            return 1.0
        return DECAY ** max(1, int(epoch / (DECAY_AFTER * self.epochs) + 1e-9))

    @property
    def _warm_up_epochs(self) -> int:
        return round(self.warm_up * self.epochs)

    def before_training(self, model: DACNetwork, data: Batch, valid: Batch | None) -> None:
        classes = len(model.centres)
        self._mixture_seed = int(torch.randint(2**31, (1,)))
        self._epoch = 0
        self.clean_ = {view: torch.ones_like(y, dtype=torch.bool) for view, y in data.labels.items()}
        self.predictions_ = torch.full((len(data.index), classes), 1 / classes, device=data.index.device)

    def before_step(self, model: DACNetwork, position: Step) -> None:
        self._epoch = position.epoch

    def finish(self, model: DACNetwork, data: Batch) -> None:
        if self._epoch + 1 < self._warm_up_epochs:
            return
        embeddings = {
            view: torch.cat([model.encode(view, rows) for rows in torch.split(x, BLOCK)])
            for view, x in data.views.items()
        }
        scores = {view: model.class_scores(z) for view, z in embeddings.items()}
        joint = model.joint_scores(embeddings)
        losses = torch.cat([joint_loss(scores, joint, labels) for labels in data.labels.values()])
        clean = torch.from_numpy(clean_probability(losses.cpu().numpy(), self._mixture_seed) > THRESHOLD)
        self.clean_ = dict(zip(data.labels, clean.to(losses.device).chunk(len(data.labels)), strict=True))

    def loss(self, batch: Batch, model: DACNetwork, position: Step) -> dict[str, Tensor]:
        embeddings = model(batch.views)
        joint = model.joint_scores(embeddings)
        given = {view: F.one_hot(y, joint.shape[1]).to(joint.dtype) for view, y in batch.labels.items()}
        warm = position.epoch < self._warm_up_epochs
        clean = {view: self.clean_[view][batch.index] | warm for view in given}
        trusted = torch.stack(list(clean.values())).all(dim=0)
        believed = Weights(0.0 if warm else 1.0, self.centre_weight, 1.0)
        terms = {"clean": self._part(model, embeddings, joint, given, clean, trusted, believed)}
        if warm:
            return terms | {"noisy": joint.new_zeros(())}
        corrected = self._corrected(batch.index, joint, first=position.epoch == self._warm_up_epochs)
        mended = dict.fromkeys(given, corrected)
        noisy = {view: ~rows for view, rows in clean.items()}
        doubted = Weights(1.0, 1.0, self.instance_weight)
        return terms | {"noisy": self._part(model, embeddings, joint, mended, noisy, ~trusted, doubted)}

    @torch.no_grad()
    def _corrected(self, index: Tensor, joint: Tensor, first: bool) -> Tensor:
        """Average the joint head's predictions in; return the average before that, in the first epoch the new one."""
        before = self.predictions_[index].to(joint.dtype)
        after = self.beta * before + (1 - self.beta) * joint.softmax(dim=1)
        self.predictions_[index] = after.to(self.predictions_.dtype)
        return after if first else before

    def _part(
        self,
        model: DACNetwork,
        embeddings: Mapping[str, Tensor],
        joint: Tensor,
        targets: Mapping[str, Tensor],
        chosen: Mapping[str, Tensor],
        pairs: Tensor,
        weights: Weights,
    ) -> Tensor:
        """L of the chosen labels, N booleans per view, and the chosen pairs, N booleans; 0 where there are none.

        joint: N x K scores; targets: view -> N x K probabilities.
        """
        total = joint.new_zeros(())
        views = [view for view, rows in chosen.items() if rows.any()]
        if views:
            z = {view: embeddings[view][chosen[view]] for view in views}
            t = {view: targets[view][chosen[view]] for view in views}
            stacked = torch.cat(list(t.values()))
            own = [classification(model.head(z[view]), t[view], weights.balance) for view in views]
            together = classification(torch.cat([joint[chosen[view]] for view in views]), stacked, weights.balance)
            cosines = F.normalize(torch.cat(list(z.values()))) @ F.normalize(model.centres).T
            centres = F.cross_entropy(cosines / self.temperature, stacked.argmax(dim=1))
            total = torch.stack(own).mean() + together + weights.centres * centres
        if pairs.any():
            total = total + weights.instance * contrastive([F.normalize(z[pairs]) for z in embeddings.values()], 1.0)
        return total
