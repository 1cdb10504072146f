"""Methods whose label model settles on a consensus of the views' labels, which networks then learn."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.core.errors import BadParams
from pipeline.core.runs import LabelNoise, Need, Run
from pipeline.core.splits import Array, Labels, Split
from pipeline.learning.loop import Batch, Step
from pipeline.learning.networks import PrototypeNetwork, SphereNetwork
from pipeline.methods.base.deep import Deep, Trained
from pipeline.methods.base.targets import OWN, Lesson, one_hot

CE = "ce"


@dataclass(frozen=True)
class Consensus:
    """What a label model makes of n samples of K classes.

    posterior: n x K; quality: view -> n probabilities that the given label is right; certain: whether the labels
    determine the share of wrong ones.
    """

    posterior: Array
    quality: Mapping[str, Array]
    certain: bool


def annotators(labels: Labels) -> tuple[Array, dict[str, int]]:
    """Labels per view -> n x M labels of M annotators, and view -> its annotator.

    Labels that are the same in several views are one annotator's.
    """
    columns, number = np.unique(np.stack(list(labels.values()), axis=1), axis=1, return_inverse=True)
    return columns, dict(zip(labels, number.ravel().tolist(), strict=True))


class CosineNetwork(SphereNetwork):
    """Witness's network: prototypes are an m x K matrix whose columns are normalised where they are read.

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
class TaughtNetworks(Trained):
    """Networks with the consensus that they learned."""

    consensus: Consensus

    def suspicion(self) -> dict[str, Array]:
        """1 - what the label model believes in the given label."""
        return {view: 1 - quality for view, quality in self.consensus.quality.items()}

    def label_noise(self) -> LabelNoise:
        wrong = {view: float(suspicion.mean()) for view, suspicion in self.suspicion().items()}
        return LabelNoise(wrong, self.consensus.certain)


@dataclass(kw_only=True, eq=False)
class Taught(Deep[SphereNetwork]):
    """Networks on a consensus: the sum over views of the cross-entropy of targets with the class scores' softmax.

    learner: `witness` has Witness's network, so that a difference between the two methods is one between their label
    models; `ce` has CE's, whose class scores are cosines without a temperature. Targets are the likeliest classes, but
    Witness's network has the posterior where the label model's is one of a generative model (hard is False). embedding:
    width of the common space; temperature: of Witness's network.
    """

    embedding: PositiveInt
    weight_decay: NonNegativeFloat = 1e-2
    temperature: PositiveFloat = 0.1
    learner: Literal["witness", "ce"] = "witness"

    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS, Need.PAIRS})
    hard: ClassVar[bool] = False

    @abstractmethod
    def consensus(self, train: Split, run: Run) -> Consensus:
        """What the label model makes of the training labels."""

    def lesson(self, train: Split, valid: Split | None, run: Run) -> Lesson:
        if self.targets != OWN:
            problem = f"'targets' is {self.targets}, but {self.display} makes its own"
            raise BadParams(problem, "params.yaml, methods", "leave it out")
        self._consensus = self.consensus(train, run)
        learned = Lesson(train, dict.fromkeys(train.views, self._consensus.posterior), valid, run.valid_noise)
        if self.hard or self.learner == CE:
            return Lesson(learned.train, one_hot(learned.train.labels, train.classes), valid, run.valid_noise)
        return learned

    def train(self, learned: Lesson, given: Split, run: Run) -> TaughtNetworks:
        self._targets = {
            view: torch.tensor(q, dtype=torch.float32, device=run.device) for view, q in learned.targets.items()
        }
        fit = super().train(learned, given, run)
        return TaughtNetworks(fit.model, fit.weights, fit.history, fit.train, fit.lesson, self._consensus)

    def build(self, dims: Mapping[str, int], classes: int) -> SphereNetwork:
        if self.learner == CE:
            return PrototypeNetwork(dims, classes, self.hidden, self.embedding)
        return CosineNetwork(dims, self.hidden, self.embedding, classes, self.temperature)

    def before_step(self, model: SphereNetwork, position: Step) -> None:
        if isinstance(model, PrototypeNetwork):
            model.normalise_prototypes()

    def finish(self, model: SphereNetwork, data: Batch) -> None:
        if isinstance(model, PrototypeNetwork) and self.averaged is not None:  # a mean of unit vectors is shorter
            model.normalise_prototypes()

    def parameter_groups(self, model: SphereNetwork) -> list[dict[str, Any]]:
        if not isinstance(model, CosineNetwork):
            return super().parameter_groups(model)
        return [
            {"name": "encoders", "params": list(model.encoders.parameters())},
            {"name": "prototypes", "params": [model.prototypes], "weight_decay": 0.0},
        ]

    def loss(self, batch: Batch, model: SphereNetwork, position: Step) -> dict[str, Tensor]:
        terms = []
        for view, z in model(batch.views).items():
            scores = model.class_scores(z)
            assert scores is not None
            terms.append(F.cross_entropy(scores, self._targets[view].index_select(0, batch.index)))
        return {"total": torch.stack(terms).sum()}
