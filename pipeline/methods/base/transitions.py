"""Methods that must know how labels go wrong: T[y, l] is the probability of label l in class y, one T per view."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from pydantic import PositiveFloat
from torch import Tensor
from torch.nn import functional as F

from pipeline.core.criteria import BEST_VALIDATION
from pipeline.core.runs import LabelNoise, Row, Run
from pipeline.core.seeds import torch_seed
from pipeline.core.splits import Split
from pipeline.learning.loop import SELECTION, Batch, run_epochs
from pipeline.learning.networks import MultiViewNetwork
from pipeline.methods.base.deep import Trained, class_scores
from pipeline.methods.base.label_em import recover
from pipeline.methods.base.prototypes import PrototypeMethod
from pipeline.methods.base.targets import Lesson

OUTLIERS = 0.03
"""Share of the samples, those most confident of a class, that are not believed."""
HELD_OUT = 10
"""Every so many-th training pair chooses the epoch of the first classifier."""


def confident_transition(probabilities: Tensor) -> Tensor:
    """T, K x K: row y is what a classifier of the noisy labels says of a sample that is surely of class y.

    probabilities: n x K. The sample is the one most confident of y among those below the top OUTLIERS, which may be
    memorised; among all where that share is as large as a class.
    """
    if probabilities.shape[1] * OUTLIERS >= 1:
        return probabilities[probabilities.argmax(dim=0)]
    highest = probabilities.quantile(1 - OUTLIERS, dim=0, interpolation="higher")
    return probabilities[probabilities.masked_fill(probabilities >= highest, 0).argmax(dim=0)]


def wrong_share(transition: Tensor) -> float:
    """The share of labels that are wrong where all classes are equally frequent."""
    return 1 - float(transition.diagonal().mean())


@dataclass(frozen=True)
class Corrected(Trained):
    """A trained network with the share of wrong labels per view that its training reckoned with."""

    noise: LabelNoise

    def label_noise(self) -> LabelNoise:
        return self.noise


@dataclass(kw_only=True, eq=False)
class TransitionMethod(PrototypeMethod):
    """A method on MRL's networks whose loss reads transitions_, view -> T.

    Where views agree beyond chance, each T is the symmetric one that their agreement gives (label_em.py). Where
    agreement tells nothing, as with one label per pair, T is read off a first classifier, as Patrini et al. do: the
    method itself while T is the identity, where its loss must be cross-entropy, at the epoch in which the noisy labels
    of held-out training pairs surprise it least. temperature: of the softmax over the cosines with the prototypes.
    """

    temperature: PositiveFloat = 1.0

    def train(self, learned: Lesson, given: Split, run: Run) -> Corrected:
        self.transitions_, certain = self.estimate(learned.train, run)
        result = super().train(learned, given, run)
        noise = LabelNoise({view: wrong_share(t) for view, t in self.transitions_.items()}, certain)
        return Corrected(result.model, result.weights, result.history, result.train, result.lesson, noise)

    def estimate(self, train: Split, run: Run) -> tuple[dict[str, Tensor], bool]:
        """View -> T, and whether agreement tells it."""
        by_labels = recover(
            train.views,
            train.labels,
            train.classes,
            rounds=0,
            folds=1,
            penalties=(),
            generator=torch.Generator(),
            device=run.device,
        )
        if by_labels.certain:
            agreed = by_labels.transition.items()
            return {view: torch.tensor(t, dtype=torch.float32, device=run.device) for view, t in agreed}, True
        self.transitions_ = dict.fromkeys(train.views, torch.eye(train.classes, device=run.device))
        first = self._first_classifier(train, run)
        return {view: confident_transition(p).to(run.device) for view, p in first.items()}, False

    def _first_classifier(self, train: Split, run: Run) -> dict[str, Tensor]:
        """View -> n x K probabilities of the training pairs' noisy labels."""
        draws = torch.Generator().manual_seed(torch_seed(run.seed, "first classifier"))
        held_out = torch.randperm(len(train), generator=draws) % HELD_OUT == 0
        data = Batch.of(train, run.device)
        learned = data.take((~held_out).nonzero().squeeze(1).to(run.device))

        def log_probabilities(model: MultiViewNetwork) -> dict[str, Tensor]:
            scores = class_scores(model, data.views)
            assert scores is not None, "prototypes score every class"
            return {
                view: F.log_softmax(torch.tensor(s[:, : train.classes]) / self.temperature, dim=1)
                for view, s in scores.items()
            }

        def observe(model: MultiViewNetwork, epoch: int) -> Row:
            unseen = {view: p[held_out] for view, p in log_probabilities(model).items()}
            labels = {view: torch.tensor(train.labels[view])[held_out] for view in unseen}
            return {SELECTION[BEST_VALIDATION]: -sum(float(F.nll_loss(p, labels[v])) for v, p in unseen.items())}

        torch.manual_seed(torch_seed(run.seed, "weights of the first classifier"))
        model = self.whole({view: x.shape[1] for view, x in train.views.items()}, train.classes).to(run.device)
        self.before_training(model, learned, None)
        _, weights = run_epochs(self, model, learned, draws, observe)
        model.load_state_dict(weights[BEST_VALIDATION])
        with torch.inference_mode():
            return {view: p.exp() for view, p in log_probabilities(model.eval()).items()}
