"""Witness: the views' labels are witnesses of one hidden class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

import numpy as np
import torch
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.core.criteria import LAST_EPOCH
from pipeline.core.errors import UnknownName
from pipeline.core.papers import Paper
from pipeline.core.runs import LabelNoise, Need, Run
from pipeline.core.seeds import torch_seed
from pipeline.core.splits import Array, Split
from pipeline.learning.loop import Batch, Step, run_epochs
from pipeline.learning.networks import SphereNetwork
from pipeline.methods.base.deep import Deep, Trained
from pipeline.methods.base.label_em import LabelPosterior, reconsider, recover
from pipeline.methods.base.pictures import SMALLEST, PictureEncoder, picture_side
from pipeline.methods.base.targets import EM, FOLDS, PENALTIES, ROUNDS, Lesson, Source, fold_generator

HALVES = 2
"""Networks that EM asks judge the samples that they were not trained on."""
PICTURE_WIDTH = 128
"""Hidden layer behind the convolutions."""
CONVOLUTIONAL = "params.yaml, methods.witness.convolutional"


class CosineNetwork(SphereNetwork):
    """Encoders onto the unit sphere and shared prototypes: an m x K matrix, its columns normalised where it is read.

    Class scores are cosines with the prototypes over temperature.
    """

    def __init__(
        self, dims: Mapping[str, int], hidden: Sequence[int], embedding: int, classes: int, temperature: float
    ) -> None:
        super().__init__(dims, hidden, embedding)
        self.temperature = temperature
        self.prototypes = nn.Parameter(torch.randn(embedding, classes))

    def class_scores(self, embedding: Tensor) -> Tensor:
        return embedding @ F.normalize(self.prototypes, dim=0) / self.temperature


@dataclass(frozen=True)
class Believed(Trained):
    """Networks with what EM believes of the labels that they were trained on."""

    def suspicion(self) -> dict[str, Array] | None:
        """1 - what EM believes in the given label; without EM, what the networks say of it."""
        if not self.lesson.posteriors:
            return super().suspicion()
        rows = np.arange(len(self.train))
        return {view: 1 - p.posterior[rows, self.train.labels[view]] for view, p in self.lesson.posteriors.items()}

    def label_noise(self) -> LabelNoise | None:
        posteriors = self.lesson.posteriors
        if not posteriors:
            return None
        wrong = {view: 1 - p.reliability[view] for view, p in posteriors.items()}
        return LabelNoise(wrong, all(p.certain for p in posteriors.values()))


@dataclass(kw_only=True, eq=False)
class Witness(Deep[CosineNetwork]):
    """Ours: EM over hidden classes with the views' labels as witnesses, and networks on what it believes.

    The model of the labels is Dawid and Skene: Maximum Likelihood Estimation of Observer Error-Rates Using the EM
    Algorithm, Applied Statistics 1979, with a classifier in its loop as Raykar et al., Learning From Crowds, JMLR 2010.

    1. The agreement a of two label vectors gives the probability p that one is right: p^2 + (1-p)^2 / (K-1) = a.
    2. EM gives every training sample a distribution q over the classes. M-step: a kernel logistic regression per view
    on q that judges samples of other folds only, and a transition matrix T_v per witness. E-step: q(y) proportional to
    prod_v p_v(y|x_v) / prior(y)^(V-1) prod_v T_v[y, label_v]. Labels that are the same in all views are one witness.
    3. Networks minimise the sum over views of the cross-entropy of q with softmax(cos(z, prototypes) / temperature).

    rounds: of EM, 0 for what the labels say of each other; folds: 1 for regressions that judge, and choose their
    penalty by, what they were fitted on; penalties: of the regressions on weights of features with a mean squared norm
    of 1, to choose from by the likelihood of labels that they did not see; network_rounds: further rounds of EM in
    which networks like the final ones, each trained on half of the samples, judge the other half and the labels weigh
    the views' opinions; convolutional: views of square grey pictures, flattened, that get a convolutional encoder;
    one_witness: a view's q comes from its own labels alone; targets: another source than EM leaves the label model out.
    Any number of views. The result of fit, Believed, holds what EM believes of every view's labels.

    Deviations from the authors' code: there is none, the method was made for this project.
    """

    embedding: PositiveInt
    weight_decay: NonNegativeFloat = 1e-2
    targets: Source = EM
    temperature: PositiveFloat = 0.1
    rounds: NonNegativeInt = ROUNDS
    folds: PositiveInt = FOLDS
    penalties: Annotated[tuple[PositiveFloat, ...], Field(min_length=1)] = PENALTIES
    network_rounds: NonNegativeInt = 0
    convolutional: list[str] = field(default_factory=list)
    one_witness: bool = False

    display: ClassVar[str] = "Witness"
    paper: ClassVar[Paper] = Paper(
        title="Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm",
        authors="Dawid, Skene",
        venue="Applied Statistics",
        year=1979,
        url="https://doi.org/10.2307/2346806",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS, Need.PAIRS})

    def lesson(self, train: Split, valid: Split | None, run: Run) -> Lesson:
        if self.targets != EM:
            return super().lesson(train, valid, run)
        views = list(train.views)
        if self.one_witness:
            posteriors = {view: self._recover(train, [view], run) for view in views}
        else:
            posteriors = dict.fromkeys(views, self._recover(train, views, run))
        for number in range(self.network_rounds):
            opinions = self._network_opinions(_believing(train, None, posteriors, run), run, number)
            if self.one_witness:
                labels = train.labels
                posteriors = {v: reconsider(p, opinions, {v: labels[v]}) for v, p in posteriors.items()}
            else:
                posteriors = dict.fromkeys(views, reconsider(posteriors[views[0]], opinions, train.labels))
        return _believing(train, valid, posteriors, run)

    def train(self, learned: Lesson, given: Split, run: Run) -> Believed:
        self._aim_at(learned, run)
        trained = super().train(learned, given, run)
        return Believed(trained.model, trained.weights, trained.history, trained.train, trained.lesson)

    def _recover(self, train: Split, views: Sequence[str], run: Run) -> LabelPosterior:
        return recover(
            train.views,
            {view: train.labels[view] for view in views},
            train.classes,
            rounds=self.rounds,
            folds=self.folds,
            penalties=self.penalties,
            generator=fold_generator(run),
            device=run.device,
        )

    def _aim_at(self, learned: Lesson, run: Run) -> None:
        """Set the cross-entropies' targets: view -> n x K."""
        self._targets = {
            view: torch.tensor(q, dtype=torch.float32, device=run.device) for view, q in learned.targets.items()
        }

    def _network_opinions(self, learned: Lesson, run: Run, number: int) -> list[Tensor]:
        """View by view n x K log-probabilities: every sample by networks trained on the posteriors of others."""
        self._aim_at(learned, run)
        train = learned.train
        data = Batch.of(train, run.device)
        dims = {view: x.shape[1] for view, x in data.views.items()}
        draws = torch.Generator().manual_seed(torch_seed(run.seed, f"network round {number}"))
        half = (torch.randperm(len(train), generator=draws) % HALVES).to(run.device)
        opinions = [torch.zeros(len(train), train.classes, device=run.device) for _ in dims]
        torch.manual_seed(torch_seed(run.seed, f"networks of round {number}"))
        for unseen in range(HALVES):
            model = self.whole(dims, train.classes).to(run.device)
            seen = (half != unseen).nonzero().squeeze(1)
            _, weights = run_epochs(self, model, data.take(seen), draws, lambda model, epoch: {})
            model.load_state_dict(weights[LAST_EPOCH])
            rows = (half == unseen).nonzero().squeeze(1)
            model.eval()
            with torch.inference_mode():
                for opinion, (view, x) in zip(opinions, data.views.items(), strict=True):
                    opinion[rows] = model.class_scores(model.encode(view, x[rows])).log_softmax(dim=1)
        return opinions

    def build(self, dims: Mapping[str, int], classes: int) -> CosineNetwork:
        for view in self.convolutional:
            if view not in dims:
                raise UnknownName(view, dims, CONVOLUTIONAL)
        network = CosineNetwork(dims, self.hidden, self.embedding, classes, self.temperature)
        for view in self.convolutional:
            network.encoders[view] = self._picture_encoder(view, dims[view], self.embedding)
        return network

    def shared_encoder(self, view: str, dim: int, width: int) -> nn.Module:
        if view not in self.convolutional:
            return super().shared_encoder(view, dim, width)
        return self._picture_encoder(view, dim, width)

    def _picture_encoder(self, view: str, dim: int, width: int) -> nn.Module:
        side = picture_side(view, dim, SMALLEST, CONVOLUTIONAL)
        return PictureEncoder(side, PICTURE_WIDTH, width, self.dropouts[1])

    def parameter_groups(self, model: CosineNetwork) -> list[dict[str, Any]]:
        return [
            {"name": "encoders", "params": list(model.encoders.parameters())},
            {"name": "prototypes", "params": [model.prototypes], "weight_decay": 0.0},
        ]

    def loss(self, batch: Batch, model: CosineNetwork, position: Step) -> dict[str, Tensor]:
        """Sum over views of the cross-entropy between what is believed and what the prototypes say."""
        terms = [
            F.cross_entropy(model.class_scores(z), self._targets[view].index_select(0, batch.index))
            for view, z in model(batch.views).items()
        ]
        return {"total": torch.stack(terms).sum()}


def _believing(train: Split, valid: Split | None, posteriors: Mapping[str, LabelPosterior], run: Run) -> Lesson:
    targets = {view: p.posterior for view, p in posteriors.items()}
    return Lesson(train, targets, valid, run.valid_noise, posteriors)
