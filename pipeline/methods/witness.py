"""Witness: the views' labels are witnesses of one hidden class."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Annotated, Any, ClassVar

import numpy as np
import torch
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.core.errors import UnknownName
from pipeline.core.papers import Paper
from pipeline.core.runs import LabelNoise, Need, Run
from pipeline.core.seeds import torch_seed
from pipeline.core.splits import Array, Split
from pipeline.learning.loop import Batch, Optimisers, Step, run_epochs
from pipeline.learning.networks import MultiViewNetwork
from pipeline.methods.base.deep import Deep, Trained
from pipeline.methods.base.label_em import LabelPosterior, reconsider, recover, trusted
from pipeline.methods.base.pictures import SMALLEST, PictureEncoder, picture_side

START, WARM_UP = 0.04, 0.3
"""One-cycle: the rate climbs from this share of its maximum during this share of the run."""
MEMORY = 9
"""The average takes a share of MEMORY / (MEMORY + 1 + steps) of new weights, so long as that is more than its decay
leaves: with a decay of .99 for the first 890 steps."""

HALVES = 2
"""Networks that EM asks judge the samples that they were not trained on."""
PICTURE_WIDTH = 128
"""Hidden layer behind the convolutions."""
CONVOLUTIONAL = "params.yaml, methods.witness.convolutional"


class Compress(nn.Module):
    """x -> sign(x) log(1 + |x|)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.sign() * x.abs().log1p()


class Prototypes(nn.Module):
    """Scores of unit vectors: cosines with K trained prototypes (an m x K matrix, normalised here) over temperature."""

    def __init__(self, embedding: int, classes: int, temperature: float) -> None:
        super().__init__()
        self.temperature = temperature
        self.columns = nn.Parameter(torch.randn(embedding, classes))

    def forward(self, z: Tensor) -> Tensor:
        return z @ F.normalize(self.columns, dim=0) / self.temperature


def encoder(inputs: int, hidden: Sequence[int], embedding: int, dropouts: tuple[float, float]) -> nn.Sequential:
    """Compressed inputs, the first dropout, then linear layers with ReLU and the second dropout between them."""
    first, later = dropouts
    layers: list[nn.Module] = [Compress(), nn.Dropout(first)]
    for before, after in pairwise([inputs, *hidden]):
        layers += [nn.Linear(before, after), nn.ReLU(), nn.Dropout(later)]
    return nn.Sequential(*layers, nn.Linear(hidden[-1] if hidden else inputs, embedding))


class WitnessNetwork(MultiViewNetwork):
    """Encoders onto the unit sphere and shared prototypes, each also as its average over the steps of training.

    In training mode encode gives the unit vectors of the live weights. Otherwise it gives what the averages make of
    a sample: with readout its match vector, without it the unit vector.
    """

    def __init__(
        self, encoders: Mapping[str, nn.Module], prototypes: Prototypes, averaging: float, match: bool
    ) -> None:
        super().__init__(encoders)
        self.prototypes = prototypes
        self.averaging = averaging
        self.match = match
        self.mean_encoders = copy.deepcopy(self.encoders).requires_grad_(False)
        self.mean_prototypes = copy.deepcopy(prototypes).requires_grad_(False)

    def encode(self, view: str, x: Tensor) -> Tensor:
        if self.training:
            return F.normalize(super().encode(view, x))
        if not self.match:
            return F.normalize(self.mean_encoders[view](x))
        views = list(self.mean_encoders)
        return match_vector(self.log_probabilities(view, x).exp(), views.index(view), len(views))

    def class_scores(self, embedding: Tensor) -> Tensor:
        if not self.match:
            scores: Tensor = self.mean_prototypes(embedding)
            return scores
        classes = self.mean_prototypes.columns.shape[1]
        return embedding[:, :classes].clamp_min(torch.finfo(embedding.dtype).tiny).log()

    @torch.no_grad()
    def average(self, steps: int) -> None:
        """Move the averages towards the live weights, by more while few steps were taken."""
        share = max(1 - self.averaging, MEMORY / (MEMORY + 1 + steps))
        for mean, live in ((self.mean_encoders, self.encoders), (self.mean_prototypes, self.prototypes)):
            for average, value in zip(mean.parameters(), live.parameters(), strict=True):
                average.lerp_(value, share)
            for kept, statistic in zip(mean.buffers(), live.buffers(), strict=True):
                kept.copy_(statistic)

    def log_probabilities(self, view: str, x: Tensor) -> Tensor:
        """n x d -> n x K, by the averages."""
        scores: Tensor = self.mean_prototypes(F.normalize(self.mean_encoders[view](x)))
        return scores.log_softmax(dim=1)


def match_vector(p: Tensor, slot: int, slots: int) -> Tensor:
    """n x K probabilities -> n x (K + slots) unit vectors whose cosine between views is p'p.

    With p for the class probabilities of two samples, p'p is the probability that both are of one class. Each view
    has a slot of its own for what p lacks of length 1, so that the remainders of two views never meet.
    """
    rest = torch.zeros(len(p), slots, dtype=p.dtype, device=p.device)
    rest[:, slot] = (1 - p.square().sum(dim=1)).clamp_min(0).sqrt()
    return torch.cat([p, rest], dim=1)


@dataclass(frozen=True)
class Believed(Trained):
    """Networks with what EM believes of the labels that they were trained on.

    posteriors: view -> what EM made of its labels, the same object where all views were heard together; estimated:
    whether EM ran at all.
    """

    posteriors: Mapping[str, LabelPosterior]
    estimated: bool

    def suspicion(self) -> dict[str, Array]:
        """1 - what EM believes in the given label."""
        rows = np.arange(len(self.train))
        return {view: 1 - p.posterior[rows, self.train.labels[view]] for view, p in self.posteriors.items()}

    def label_noise(self) -> LabelNoise | None:
        if not self.estimated:
            return None
        wrong = {view: 1 - p.reliability[view] for view, p in self.posteriors.items()}
        return LabelNoise(wrong, all(p.certain for p in self.posteriors.values()))


@dataclass(kw_only=True, eq=False)
class Witness(Deep[WitnessNetwork]):
    """Ours: EM over hidden classes with the views' labels as witnesses, networks on it, ranking by match probability.

    The model of the labels is Dawid and Skene: Maximum Likelihood Estimation of Observer Error-Rates Using the EM
    Algorithm, Applied Statistics 1979, with a classifier in its loop as Raykar et al., Learning From Crowds, JMLR 2010.

    1. The agreement a of two label vectors gives the probability p that one is right: p^2 + (1-p)^2 / (K-1) = a.
    2. EM gives every training sample a distribution q over the classes. M-step: a kernel logistic regression per view
    on q that judges samples of other folds only, and a transition matrix T_v per witness. E-step: q(y) proportional to
    prod_v p_v(y|x_v) / prior(y)^(V-1) prod_v T_v[y, label_v]. Labels that are the same in all views are one witness.
    3. Networks minimise the sum over views of the cross-entropy of q with softmax(cos(z, prototypes) / temperature).
    4. A sample is embedded so that the cosine of two samples of different views is p'p, the probability that both
    are of one class.

    rounds: of EM, 0 for what the labels say of each other; folds: 1 for regressions that judge, and choose their
    penalty by, what they were fitted on; penalties: of the regressions on weights of features with a mean squared norm
    of 1, to choose from by the likelihood of labels that they did not see; dropouts: of the inputs and of the hidden
    layers; averaging: the evaluated weights are averages over the steps with this decay, less of it at the start
    (MEMORY); network_rounds: further rounds of EM in which networks like the final ones, each trained on half of the
    samples, judge the other half and the labels weigh the views' opinions; convolutional: views of square grey
    pictures, flattened, that get a convolutional encoder; one_witness: a view's q comes from its own labels alone;
    trust: no EM, the labels are taken as right; match: false to rank by the cosine of z. Any number of views.
    The result of fit, Believed, holds what EM believes of every view's labels.

    Deviations from the authors' code: there is none, the method was made for this project.
    """

    embedding: PositiveInt
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: NonNegativeFloat = 1e-2
    dropouts: tuple[Annotated[float, Field(ge=0, lt=1)], Annotated[float, Field(ge=0, lt=1)]] = (0.2, 0.5)
    temperature: PositiveFloat = 0.1
    averaging: Annotated[float, Field(ge=0, lt=1)] = 0.99
    rounds: NonNegativeInt = 10
    folds: PositiveInt = 5
    penalties: Annotated[tuple[PositiveFloat, ...], Field(min_length=1)] = (3e-5, 1e-4, 3e-4, 1e-3)
    network_rounds: NonNegativeInt = 0
    convolutional: list[str] = field(default_factory=list)
    one_witness: bool = False
    trust: bool = False
    match: bool = True

    display: ClassVar[str] = "Witness"
    ranks_by_match_probability: ClassVar[bool] = True
    paper: ClassVar[Paper] = Paper(
        title="Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm",
        authors="Dawid, Skene",
        venue="Applied Statistics",
        year=1979,
        url="https://doi.org/10.2307/2346806",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS, Need.PAIRS})

    def _fit(self, train: Split, valid: Split | None, run: Run) -> Believed:
        views = list(train.views)
        if self.one_witness:
            posteriors = {view: self._recover(train, [view], run) for view in views}
        else:
            posteriors = dict.fromkeys(views, self._recover(train, views, run))
        for number in range(self.network_rounds):
            opinions = self._network_opinions(train, posteriors, run, number)
            if self.one_witness:
                labels = train.labels
                posteriors = {v: reconsider(p, opinions, {v: labels[v]}) for v, p in posteriors.items()}
            else:
                posteriors = dict.fromkeys(views, reconsider(posteriors[views[0]], opinions, train.labels))
        self._aim_at(posteriors, run)
        trained = super()._fit(replace(train, index=np.arange(len(train))), valid, run)
        return Believed(trained.model, trained.weights, trained.history, trained.train, posteriors, not self.trust)

    def _recover(self, train: Split, views: Sequence[str], run: Run) -> LabelPosterior:
        labels = {view: train.labels[view] for view in views}
        if self.trust:
            return trusted(labels, train.classes)
        return recover(
            train.views,
            labels,
            train.classes,
            rounds=self.rounds,
            folds=self.folds,
            penalties=self.penalties,
            generator=torch.Generator().manual_seed(torch_seed(run.seed, "folds")),
            device=run.device,
        )

    def _aim_at(self, posteriors: Mapping[str, LabelPosterior], run: Run) -> None:
        """Set the cross-entropies' targets: view -> n x K."""
        self._targets = {
            view: torch.tensor(label.posterior, dtype=torch.float32, device=run.device)
            for view, label in posteriors.items()
        }

    def _network_opinions(
        self, train: Split, posteriors: Mapping[str, LabelPosterior], run: Run, number: int
    ) -> list[Tensor]:
        """View by view n x K log-probabilities: every sample by networks trained on the posteriors of others."""
        self._aim_at(posteriors, run)
        data = Batch.of(replace(train, index=np.arange(len(train))), run.device)
        dims = {view: x.shape[1] for view, x in data.views.items()}
        draws = torch.Generator().manual_seed(torch_seed(run.seed, f"network round {number}"))
        half = (torch.randperm(len(train), generator=draws) % HALVES).to(run.device)
        opinions = [torch.zeros(len(train), train.classes, device=run.device) for _ in dims]
        torch.manual_seed(torch_seed(run.seed, f"networks of round {number}"))
        for unseen in range(HALVES):
            model = self.build(dims, train.classes).to(run.device)
            seen = (half != unseen).nonzero().squeeze(1)
            run_epochs(self, model, data.take(seen), draws, lambda model, epoch: {})
            rows = (half == unseen).nonzero().squeeze(1)
            with torch.inference_mode():
                for opinion, (view, x) in zip(opinions, data.views.items(), strict=True):
                    opinion[rows] = model.log_probabilities(view, x[rows])
        return opinions

    def build(self, dims: Mapping[str, int], classes: int) -> WitnessNetwork:
        for view in self.convolutional:
            if view not in dims:
                raise UnknownName(view, dims, CONVOLUTIONAL)
        encoders = {view: self._encoder(view, dim) for view, dim in dims.items()}
        return WitnessNetwork(
            encoders, Prototypes(self.embedding, classes, self.temperature), self.averaging, self.match
        )

    def _encoder(self, view: str, dim: int) -> nn.Module:
        if view not in self.convolutional:
            return encoder(dim, self.hidden, self.embedding, self.dropouts)
        side = picture_side(view, dim, SMALLEST, CONVOLUTIONAL)
        return PictureEncoder(side, PICTURE_WIDTH, self.embedding, self.dropouts[1])

    def optimisers(self, model: WitnessNetwork) -> Optimisers:
        return [
            torch.optim.AdamW(
                self.parameter_groups(model),
                lr=self.learning_rate,
                betas=self.betas,
                weight_decay=self.weight_decay,
                fused=True,
            )
        ]

    def parameter_groups(self, model: WitnessNetwork) -> list[dict[str, Any]]:
        return [
            {"name": "encoders", "params": list(model.encoders.parameters())},
            {"name": "prototypes", "params": list(model.prototypes.parameters()), "weight_decay": 0.0},
        ]

    def learning_rate_scale(self, epoch: int, group: str) -> float:
        """One cycle of two half cosines, up and down to zero, read in the middle of the epoch."""
        done = (epoch + 0.5) / self.epochs
        if done < WARM_UP:
            return START + (1 - START) * 0.5 * (1 - math.cos(math.pi * done / WARM_UP))
        return 0.5 * (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP)))

    def before_step(self, model: WitnessNetwork, position: Step) -> None:
        model.average(position.iteration)

    def loss(self, batch: Batch, model: WitnessNetwork, position: Step) -> dict[str, Tensor]:
        """Sum over views of the cross-entropy between what is believed and what the prototypes say."""
        terms = [
            F.cross_entropy(model.prototypes(z), self._targets[view].index_select(0, batch.index))
            for view, z in model(batch.views).items()
        ]
        return {"total": torch.stack(terms).sum()}
