"""EM over the hidden classes of samples that any number of annotators have labelled, with gaps, and features may judge.

A sample has a class y, and looks like a class z that may be another one: C[y, z] is the probability of that, the same
trap for everybody who labels the sample. Annotator a then says l with probability T[a, z, l] (transitions.py). So

    p(labels | y) = sum_z C[y, z] prod_a T[a, z, l_a],    q(y) proportional to p(y | x) p(labels | y)

With C the identity this is Dawid and Skene's model (Applied Statistics 1979). One label per sample cannot tell C from
T, and labels without features cannot tell y from z; there C is the identity.

p(y | x) is the product of the views' regressions, each asked about samples that it was not fitted on, divided by the
prior as often as there are further views (Raykar et al., Learning From Crowds, JMLR 2010), and raised to a power.

1. Regressions learn the labels as they are. Reliability, penalty and power are those under which the labels that no
   regression has seen are likeliest. Regressions on wrong labels are too unsure of the class, and views that err on the
   same samples too sure; the power answers for both, so that the reliability need not. It is told by the samples whose
   class the features leave no doubt about: there, labels are as often right as annotators are (the anchor points of
   Liu and Tao, Classification with Noisy Labels by Importance Reweighting, TPAMI 2016).
2. Regressions learn what is believed, for a few rounds. Nothing about annotators is learned in them: what is believed
   of one fold comes from regressions that the others' labels taught, and these in turn from that fold's.
3. Where transitions that are not symmetric make the labels likelier (transitions.py), EM goes on with them, from 1. as
   well as from 2.; of where it ends, what makes the labels likeliest is believed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from operator import itemgetter

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from torch import Tensor

from pipeline.core.splits import Array
from pipeline.explore.annotators.transitions import quality, symmetric, towards_symmetric
from pipeline.explore.annotators.votes import Votes
from pipeline.methods.base.soft_regression import GaussianFeatures, SoftRegression, principal
from pipeline.methods.base.targets import FOLDS

FIRST_PENALTIES, FIRST_STEPS = (3e-4, 1e-3, 3e-3), 25
"""Of the regressions that learn the labels as they are: penalties to choose from, and descent steps."""
PENALTIES, STEPS = (3e-5, 1e-4, 3e-4), 12
"""Of those that learn what is believed: penalties to choose from, and descent steps per round."""
ROUNDS, MORE_ROUNDS = 5, 10
"""Rounds in which regressions learn what is believed, and further ones with transitions of any shape at most."""
SETTLED = 1e-3
"""EM ends where no annotator's reliability moves by more in a round."""
TRIES = 30
"""EM rounds, the features' opinion held fixed, within a round."""
LEAST_POWER, MOST_POWER = 1.0, 12.0
"""Bounds of the power of the features' opinion. Regressions that learn wrong labels are too unsure, never too sure."""
LEAST_POWER_OF_BELIEFS = 0.1
"""The lower bound for regressions that learn what is believed."""
GRID = 20
"""Reliabilities that are tried before EM refines the likeliest."""
MISLED = 0.02
"""Share of the samples that look like another class, to begin with."""
NOTICED = 5.0
"""Log-likelihood that the features must add to that of the labels to be asked at all, and a shape to be tried."""
CONFIDENCE, UNSURE = 1.96, 0.05
"""Standard errors on either side of an estimate in its interval of 95 %, and how wide either side may be of all labels
together, for their share of right ones to be certain."""
FLOOR = 1e-6


@dataclass(frozen=True)
class Annotator:
    """How many labels an annotator gave, the share of right ones among them, and its interval of 95 %."""

    labels: int
    right: float
    low: float
    high: float


@dataclass(frozen=True)
class Belief:
    """What is believed of n samples of K classes.

    posterior: n x K; annotators: A; transition: A x K x K, row = true class, column = label; misled: share of the
    samples that look like another class to everybody; opinion: n x K, what the features alone say, None where they were
    not asked or predict no label; certain: whether the labels' reliability is known well enough to rely on it.
    """

    posterior: Array
    annotators: Sequence[Annotator]
    transition: Array
    misled: float
    opinion: Array | None
    certain: bool


def by_labels(table: Array, classes: int, device: torch.device) -> Belief:
    """What the labels alone say. table: n x A labels, -1 where there is none.

    Mistakes are all alike, unless a sample has three labels: two do not tell two matrices (Kruskal 1977).
    """
    votes = Votes.of(table, classes, device)
    agreed = _agreed(votes)
    if agreed is None:
        return _Model(votes, 1 - FLOOR).belief(None, known=False)
    model = _Model(votes, agreed)
    model.settle(torch.zeros_like(model.q), model.even, free=bool((table >= 0).sum(axis=1).max() > 2))
    return model.belief(None)


def by_labels_and_features(
    table: Array, classes: int, views: Mapping[str, Array], generator: torch.Generator, device: torch.device
) -> Belief:
    """What labels and features say together. table: n x A labels, -1 where there is none; views: n x d each.

    generator: draws the folds and the kernels' landmarks. Features that predict no label beyond chance are not asked.
    """
    votes = Votes.of(table, classes, device)
    judges = _Judges(views, classes, generator, device)
    several = bool((table >= 0).sum(axis=1).max() > 1)
    ends = [end for start in judges.of_labels(votes) for end in _ends(judges, start, several)]
    if not ends:
        return by_labels(table, classes, device)
    _, model, opinion = max(ends, key=itemgetter(0))
    return model.belief(opinion)


_End = tuple[float, "_Model", Tensor]
"""Log-likelihood of the labels, the model, and the log-opinion of the features that it ended with."""


def _ends(judges: _Judges, model: _Model, several: bool) -> Iterator[_End]:
    """Where EM from a model ends, with its transitions as they are, and with any that say more.

    several: whether some sample has more than one label, so that C can be told.
    """
    regressions = judges.of_beliefs(model)
    for _ in range(ROUNDS):
        excess, prior = judges.opinion(regressions, model.q, STEPS)
        opinion = model.believe(excess, prior, power=1.0)
    likelihood = model.likelihood(opinion)
    yield likelihood, model, opinion
    shaped = copy(model)
    if shaped.shape(excess, prior, several) - likelihood < NOTICED:
        return
    for _ in range(MORE_ROUNDS):
        before = shaped.reliability
        excess, prior = judges.opinion(regressions, shaped.q, STEPS)
        shaped.settle(excess, prior, free=True, misled=several)
        if float((shaped.reliability - before).abs().max()) < SETTLED:
            break
    opinion = shaped.believe(excess, prior, shaped.power)
    yield shaped.likelihood(opinion), shaped, opinion


class _Judges:
    """Cross-fitted regressions, one per view, and what they say of samples that they were not fitted on."""

    def __init__(
        self, views: Mapping[str, Array], classes: int, generator: torch.Generator, device: torch.device
    ) -> None:
        rows = [torch.tensor(x, device=device) for x in views.values()]
        self.fold = (torch.randperm(len(rows[0]), generator=generator) % FOLDS).to(device)
        self.features = [principal(GaussianFeatures(x, generator)(x)) for x in rows]
        self.classes = classes

    def regressions(self, penalty: float) -> list[SoftRegression]:
        return [SoftRegression(x, self.fold, self.classes, penalty) for x in self.features]

    @staticmethod
    def opinion(regressions: Sequence[SoftRegression], q: Tensor, steps: int) -> tuple[Tensor, Tensor]:
        """q: n x K -> sum over views of log p_v(y | x_v) - log p(y), n x K, and log p(y), 1 x K."""
        prior = q.mean(dim=0, keepdim=True).clamp_min(FLOOR).log()
        return torch.stack([regression.fit(q, steps) - prior for regression in regressions]).sum(dim=0), prior

    def of_labels(self, votes: Votes) -> list[_Model]:
        """The symmetric model that makes the labels likeliest, and one of any shape where that says more.

        Empty where the features add nothing to what the labels say of each other.
        """
        shares = votes.shares()
        opinions = [self.opinion(self.regressions(penalty), shares, FIRST_STEPS) for penalty in FIRST_PENALTIES]
        models = [_Model(votes, p) for p in np.linspace(1, 1 / self.classes, GRID, endpoint=False)[1:].tolist()]
        tried = [(model.fit_power(*said), index, said) for said in opinions for index, model in enumerate(models)]
        _, index, said = max(tried, key=itemgetter(0))
        even = models[index]
        even.settle(*said, free=False)
        likelihood, shaped_likelihood, shaped = even.fit_power(*said), -math.inf, even
        for said in opinions:
            model = _free(votes, *said)
            if (reached := model.fit_power(*said)) > shaped_likelihood:
                shaped_likelihood, shaped = reached, model
        _, prior = opinions[0]
        nothing = torch.zeros_like(even.q)
        blind = max(model.likelihood(prior) for model in (*models, _free(votes, nothing, prior)))
        if max(likelihood, shaped_likelihood) - blind < NOTICED:
            return []
        return [even, shaped] if shaped_likelihood - likelihood > NOTICED else [even]

    def of_beliefs(self, model: _Model) -> list[SoftRegression]:
        """The regressions that, taught by what the labels alone say, make the labels likeliest."""
        by_labels = model.by_labels()
        tried = []
        for penalty in PENALTIES:
            regressions = self.regressions(penalty)
            excess, prior = self.opinion(regressions, by_labels.softmax(dim=1), STEPS)
            likelihood = ((excess + prior).log_softmax(dim=1) + by_labels).logsumexp(dim=1).sum()
            tried.append((float(likelihood), regressions))
        return max(tried, key=itemgetter(0))[1]


class _Model:
    """The parameters of the label model, and q (n x K), what is believed with them."""

    def __init__(self, votes: Votes, reliability: float) -> None:
        self.votes = votes
        each = torch.full((votes.annotators,), reliability, dtype=torch.float64, device=votes.sample.device)
        self.transitions = symmetric(each, votes.classes)
        self.looks = torch.eye(votes.classes, dtype=torch.float64, device=votes.sample.device)
        self.power, self.least_power = 1.0, LEAST_POWER
        self.even = self.looks.new_full((1, votes.classes), -math.log(votes.classes))
        self.q = self.by_labels().softmax(dim=1)

    @property
    def reliability(self) -> Tensor:
        """Probability that a label is right, of each annotator (A)."""
        return (self.looks @ self.transitions).diagonal(dim1=1, dim2=2) @ self.q.mean(dim=0)

    def by_labels(self) -> Tensor:
        """n x K, log p(labels | y), up to a constant per sample."""
        said, most = self._evidence()
        return (said @ self.looks.T).log() + most

    def believe(self, excess: Tensor, prior: Tensor, power: float) -> Tensor:
        """Set q; the log-opinion of the features comes back. excess: n x K, log p(y | x) - prior; prior: 1 x K."""
        self.power = power
        opinion = (power * excess + prior).log_softmax(dim=1)
        self.q = (opinion + self.by_labels()).softmax(dim=1)
        return opinion

    def settle(self, excess: Tensor, prior: Tensor, free: bool, misled: bool = False) -> None:
        """EM with the opinion of the features held fixed: their power, transitions, and where misled is true C.

        free: whether transitions may have a shape per class.
        """
        for _ in range(TRIES):
            before = self.transitions
            self.fit_power(excess, prior)
            opinion = self.believe(excess, prior, self.power)
            counts = self.votes.counts(self._looked(opinion) if misled else self.q)
            self.transitions = towards_symmetric(counts)[0] if free else symmetric(quality(counts), self.votes.classes)
            if float((self.transitions - before).abs().max()) < SETTLED / 10:
                break

    def shape(self, excess: Tensor, prior: Tensor, several: bool) -> float:
        """Give the transitions any shape, and with several labels C; the log-likelihood of the labels comes back."""
        self.least_power = LEAST_POWER_OF_BELIEFS
        if several:
            share = torch.tensor([1 - MISLED], dtype=torch.float64, device=self.q.device)
            self.looks = symmetric(share, self.votes.classes)[0]
        self.settle(excess, prior, free=True, misled=several)
        return self.fit_power(excess, prior)

    def likelihood(self, opinion: Tensor) -> float:
        """Log-likelihood of the labels under log p(y | x), n x K or 1 x K."""
        return float((opinion.log_softmax(dim=1) + self.by_labels()).logsumexp(dim=1).sum())

    def fit_power(self, excess: Tensor, prior: Tensor) -> float:
        """Set the power under which the labels are likeliest; their log-likelihood comes back."""
        by_labels = self.by_labels()

        def surprise(log_power: float) -> float:
            opinion = (math.exp(log_power) * excess + prior).log_softmax(dim=1)
            return -float((opinion + by_labels).logsumexp(dim=1).sum())

        bounds = math.log(self.least_power), math.log(MOST_POWER)
        search = minimize_scalar(surprise, bounds=bounds, method="bounded", options={"xatol": 0.02})
        self.power = math.exp(search.x)
        return -float(search.fun)

    def _evidence(self) -> tuple[Tensor, Tensor]:
        """prod_a T[a, z, l_a] for every z, n x K, divided by the largest of each sample, and the logarithm of that."""
        said = self.votes.evidence(self.transitions)
        most = said.max(dim=1, keepdim=True).values
        return (said - most).exp(), most

    def _looked(self, opinion: Tensor) -> Tensor:
        """n x K probabilities of the class that a sample looks like; C becomes what these say."""
        said, _ = self._evidence()
        by_features = opinion.exp()
        expected = by_features @ self.looks
        total = (expected * said).sum(dim=1, keepdim=True)
        counts = self.looks * ((by_features / total).T @ said)
        self.looks = towards_symmetric(counts[None])[0][0]
        return expected * said / total

    def _misled(self) -> float:
        return float(self.q.mean(dim=0) @ (1 - self.looks.diagonal()))

    def belief(self, opinion: Tensor | None, known: bool = True) -> Belief:
        """What is believed now. known: whether the labels' reliability could be estimated."""
        right = self.votes.right(self.q)
        labels = self.votes.per_annotator(torch.ones_like(right))
        share = self.reliability
        information = self.votes.per_annotator((right - share[self.votes.annotator]).square())
        each = zip(labels.tolist(), share.tolist(), information.tolist(), strict=True)
        annotators = [_annotator(int(count), p, spread) for count, p, spread in each]
        if not known:
            annotators = [Annotator(one.labels, one.right, 0.0, 1.0) for one in annotators]
        everyone = _annotator(len(right), float((share * labels).sum() / labels.sum()), float(information.sum()))
        return Belief(
            self.q.cpu().numpy(),
            annotators,
            (self.looks @ self.transitions).cpu().numpy(),
            self._misled(),
            None if opinion is None else opinion.cpu().numpy(),
            known and everyone.high - everyone.low <= 2 * UNSURE,
        )


def _free(votes: Votes, excess: Tensor, prior: Tensor) -> _Model:
    """The model of transitions of any shape that make the labels likely with this opinion of the features."""
    model = _Model(votes, max(0.5, 1.5 / votes.classes))
    model.settle(excess, prior, free=True)
    return model


def _agreed(votes: Votes) -> float | None:
    """The reliability that agreement between the labels of a sample gives; None where it is no more than chance.

    p^2 + (1 - p)^2 / (K - 1) = a, as if everybody were alike and every mistake, too.
    """
    classes = votes.classes
    numbers = torch.zeros(votes.samples, classes, dtype=torch.float64, device=votes.sample.device)
    numbers.index_put_((votes.sample, votes.label), numbers.new_ones(()), accumulate=True)
    labels = numbers.sum(dim=1)
    pairs = float((labels * (labels - 1)).sum())
    if not pairs:
        return None
    share = numbers.sum(dim=0) / numbers.sum()
    chance = float(share.square().sum())
    agreement = float((numbers * (numbers - 1)).sum()) / pairs
    if agreement - chance <= 2 * math.sqrt(chance * (1 - chance) / (pairs / 2)):
        return None
    excess = min(max((classes * agreement - 1) / (classes - 1), 0.0), 1.0)
    return (1 + (classes - 1) * math.sqrt(excess)) / classes


def _annotator(labels: int, right: float, spread: float) -> Annotator:
    """spread: sum over the labels of (probability of being right - share of right ones)^2.

    The score of a label for the log-odds of being right is what is believed of it minus the share (Fisher's identity),
    so spread is the observed information (Louis, Finding the Observed Information Matrix when Using the EM Algorithm,
    JRSS B 1982). Over what labels that were checked one by one would give, p (1 - p) each, it says how many such labels
    these are worth; the interval is Wilson's for as many, which holds where all labels are right, too.
    """
    if not labels:
        return Annotator(0, right, 0.0, 1.0)
    worth = min((spread + 1) / (right * (1 - right) + 1 / labels), labels)
    width = CONFIDENCE**2 / worth
    centre = (right + width / 2) / (1 + width)
    reach = math.sqrt(width * right * (1 - right) + width**2 / 4) / (1 + width)
    return Annotator(labels, right, max(centre - reach, 0.0), min(centre + reach, 1.0))
