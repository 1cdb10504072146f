"""EM over hidden classes: noisy labels and features together tell the true class of a sample.

Every view's label is a witness that tells the truth with a probability of its own and, given the class, errs
independently of the other witnesses and of the features (Dawid and Skene, Maximum Likelihood Estimation of Observer
Error-Rates Using the EM Algorithm, Applied Statistics 1979; with a classifier in the loop: Raykar et al., Learning
From Crowds, JMLR 2010). Labels that are the same in several views count as one witness, the first of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from operator import itemgetter

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from pipeline.core.splits import Array, Labels
from pipeline.methods.base.soft_regression import GaussianFeatures, Principal, SoftRegression, principal

FLOOR = 1e-6
"""No probability of a class or a label is lower."""
SIGNIFICANT = 2.0
"""Standard errors by which agreement must exceed chance to tell anything."""
STEPS = 15
"""Descent steps of a regression per round; it starts where it ended in the round before."""
TRIES = 30
"""EM rounds, the features' opinion held fixed, that full transitions get before they are compared."""
UNKNOWN = 0.5
"""Reliability that EM starts from where agreement does not tell it; 1.5 / K where that is more."""
TRUSTED, SPREAD = 0.9, 0.06
"""Such a reliability is certain if EM that starts from TRUSTED ends no further from it than SPREAD."""


@dataclass(frozen=True)
class LabelPosterior:
    """What EM believes about n samples of K classes.

    posterior: n x K. reliability: view -> probability that its label is right. transition: view -> K x K, row = true
    class, column = given label. certain: whether agreement fixed the reliabilities, or EM reaches the same ones from
    two starts; never where the features predict no label. full: whether the transitions have a shape of their own per
    class. penalty: the one that the classifiers had, None without classifiers.
    """

    posterior: Array
    reliability: dict[str, float]
    transition: dict[str, Array]
    certain: bool
    full: bool
    penalty: float | None


def recover(
    views: Mapping[str, Array],
    labels: Labels,
    classes: int,
    *,
    rounds: int,
    folds: int,
    penalties: Sequence[float],
    generator: torch.Generator,
    device: torch.device,
) -> LabelPosterior:
    """EM over the hidden classes, with a classifier per view and a transition matrix per witness.

    views: n x d each; labels: n each. rounds: of EM, 0 for the evidence of the labels alone; folds: every sample is
    judged by classifiers that did not see it, 1 for classifiers that saw all; penalties: of the classifiers, to choose
    from; generator: draws the folds and the kernels' landmarks.

    The penalty is the one whose classifiers, taught once by the labels' evidence alone, give the labels of the folds
    that they did not see the highest likelihood. Later rounds would not do: what EM believes of one fold comes from
    classifiers that other folds' labels taught, and these from that fold's.

    The transitions are symmetric unless the full ones explain the given labels better by more than BIC asks for
    V K (K - 1) numbers in the place of V. With one witness, or witnesses that agree by chance, EM starts from a guess.
    If the features predict the labels no better than chance, before or after EM, only agreement between labels is
    used; failing that, the labels are returned unchanged.
    """
    witness = _witnesses(labels)
    distinct = {view: labels[view] for view in labels if witness[view] == view}
    given = [torch.tensor(column, device=device) for column in distinct.values()]
    agreed = truthfulness(distinct, classes) if len(distinct) > 1 else None

    def start(reliability: Mapping[str, float]) -> list[Tensor]:
        return [symmetric(p, classes).to(device) for p in reliability.values()]

    believed = start(agreed or dict.fromkeys(distinct, max(UNKNOWN, 1.5 / classes)))
    if agreed is None and len(distinct) > 1:
        by_labels = _label_posterior(_average(given, classes), [_uniform(classes, device)] * len(given), witness)
    else:
        by_labels = _label_posterior(evidence(believed, given), believed, witness)
    if not rounds:
        return replace(by_labels, certain=agreed is not None)

    fold = torch.randperm(len(given[0]), generator=generator).to(device) % folds
    rows = [torch.tensor(x, device=device) for x in views.values()]
    features = [principal(GaussianFeatures(x, generator)(x)) for x in rows]
    explain = partial(_explain, features, fold, given, rounds=rounds, penalties=penalties, witness=witness)
    explained = explain(believed)
    if explained is None:
        return by_labels
    certain = agreed is not None or _close(explained, explain(start(dict.fromkeys(distinct, TRUSTED))))
    return replace(explained, certain=certain)


def _close(one: LabelPosterior, other: LabelPosterior | None) -> bool:
    """Whether EM from another start came to the same reliabilities."""
    return other is not None and all(abs(p - other.reliability[view]) <= SPREAD for view, p in one.reliability.items())


def _explain(
    features: Sequence[Principal],
    fold: Tensor,
    given: Sequence[Tensor],
    start: Sequence[Tensor],
    *,
    rounds: int,
    penalties: Sequence[float],
    witness: Mapping[str, str],
) -> LabelPosterior | None:
    """EM from transitions to start with; None where the features predict no label beyond chance."""
    transitions = list(start)
    classes = len(transitions[0])
    q = evidence(transitions, given)
    tried = []
    for penalty in penalties:
        models = [SoftRegression(x, fold, classes, penalty) for x in features]
        opinion = joint_opinion([model.fit(q, STEPS) for model in models], q)
        tried.append((likelihood(opinion, transitions, given), penalty, models, opinion))
    _, penalty, models, opinion = max(tried, key=itemgetter(0))
    if _unrelated(opinion, given):
        return None
    q, opinion, transitions = _rounds(models, q, transitions, given, rounds, uniform_errors)
    shaped = _settle(opinion, transitions, given)
    gain = likelihood(opinion, shaped, given) - likelihood(opinion, transitions, given)
    full = gain > 0.5 * len(given) * (classes * (classes - 1) - 1) * math.log(len(q))
    if full:
        q, opinion, transitions = _rounds(models, q, shaped, given, rounds, free_errors)
    if _unrelated(opinion, given):
        return None
    return _label_posterior(q, transitions, witness, full=full, penalty=penalty)


def reconsider(before: LabelPosterior, log_probabilities: Sequence[Tensor], labels: Labels) -> LabelPosterior:
    """One more E-step, with the opinions of other classifiers (n x K per view) about samples that they did not see.

    The opinions are pooled, then the transitions follow. Witnesses without credit before stay without it.
    """
    device = log_probabilities[0].device
    witness = _witnesses(labels)
    distinct = [view for view in labels if witness[view] == view]
    given = [torch.tensor(labels[view], device=device) for view in distinct]
    transitions = [torch.tensor(before.transition[view], device=device) for view in distinct]
    if all(matrix.std() < FLOOR for matrix in transitions):
        return before
    posterior = torch.tensor(before.posterior, device=device)
    q = expectation(pool(log_probabilities, posterior, transitions, given), transitions, given)
    errors = free_errors if before.full else uniform_errors
    transitions = [errors(q, column) for column in given]
    return _label_posterior(q, transitions, witness, certain=before.certain, full=before.full, penalty=before.penalty)


def pool(
    log_probabilities: Sequence[Tensor], q: Tensor, transitions: Sequence[Tensor], given: Sequence[Tensor]
) -> Tensor:
    """log of prior(y) prod_v (p_v(y | x_v) / prior(y))^w_v, rows normalised.

    The w_v, each in 0..1, explain the labels best. With all w_v = 1 it is the joint opinion of views that are
    independent given the class; views that err on the same samples, or one that is far better than the others, count
    for less. log_probabilities: n x K per view, of samples
    that their classifiers did not see; the prior is the mean of q.
    """
    prior = q.mean(dim=0).clamp_min(FLOOR).log()
    excess = torch.stack(list(log_probabilities)).to(prior) - prior
    by_labels = _log_evidence(transitions, given)
    raw = torch.ones(len(excess), 1, 1, dtype=prior.dtype, device=prior.device, requires_grad=True)
    optimiser = torch.optim.LBFGS([raw], max_iter=STEPS, line_search_fn="strong_wolfe")

    def pooled() -> Tensor:
        return ((raw.sigmoid() * excess).sum(dim=0) + prior).log_softmax(dim=1)

    def surprise() -> Tensor:
        optimiser.zero_grad()
        loss = -(pooled() + by_labels).logsumexp(dim=1).mean()
        torch.autograd.backward(loss)
        return loss

    optimiser.step(surprise)  # type: ignore[no-untyped-call]
    return pooled().detach()


def truthfulness(labels: Labels, classes: int) -> dict[str, float] | None:
    """View -> probability that its label is right, from agreement alone; None where it is no more than chance.

    Two witnesses that err uniformly agree with probability a = p_u p_v + (1 - p_u)(1 - p_v) / (K - 1), that is
    (K a - 1) / (K - 1) = r_u r_v with r = (K p - 1) / (K - 1). The logarithms are solved by least squares over all
    pairs of views, none counting as less than a standard error above chance; two views get the same p, for one
    agreement cannot tell them apart.
    """
    views = list(labels)
    pairs = list(combinations(labels.values(), 2))
    if all(by_chance(one, other, classes) for one, other in pairs):
        return None
    agreement = np.array([np.mean(one == other) for one, other in pairs])
    design = np.array([[float(view in pair) for view in views] for pair in combinations(views, 2)])
    error = 1 / math.sqrt((classes - 1) * len(pairs[0][0]))
    excess = np.maximum((classes * agreement - 1) / (classes - 1), error)
    logs: Array = np.linalg.lstsq(design, np.log(excess), rcond=None)[0]
    truth = (1 + (classes - 1) * np.minimum(np.exp(logs), 1.0)) / classes
    return dict(zip(views, truth.tolist(), strict=True))


def by_chance(one: Array, other: Array, classes: int) -> bool:
    """Whether two labellings of n samples agree no more often than independent ones of their frequencies may."""
    frequencies = [np.bincount(labels, minlength=classes) / len(labels) for labels in (one, other)]
    chance = float(frequencies[0] @ frequencies[1])
    return bool(np.mean(one == other) - chance <= SIGNIFICANT * math.sqrt(chance * (1 - chance) / len(one)))


def symmetric(reliability: float, classes: int) -> Tensor:
    """K x K with p on the diagonal and (1 - p) / (K - 1) elsewhere."""
    p = min(max(reliability, FLOOR), 1 - FLOOR)
    matrix = torch.full((classes, classes), (1 - p) / (classes - 1), dtype=torch.float64)
    return matrix.fill_diagonal_(p)


def expectation(opinion: Tensor, transitions: Sequence[Tensor], given: Sequence[Tensor]) -> Tensor:
    """q(y) proportional to exp(opinion(y)) prod_v T_v[y, given_v]. opinion: n x K; given: n each -> n x K."""
    return F.softmax(opinion + _log_evidence(transitions, given), dim=1)


def likelihood(opinion: Tensor, transitions: Sequence[Tensor], given: Sequence[Tensor]) -> float:
    """log-likelihood of the labels given the features: sum over samples of log sum_y p(y) prod_v T_v[y, given_v].

    opinion: n x K, log p(y).
    """
    return float((opinion + _log_evidence(transitions, given)).logsumexp(dim=1).sum())


def joint_opinion(log_probabilities: Sequence[Tensor], q: Tensor) -> Tensor:
    """log of prod_v p_v(y | x_v) / prior(y)^(V - 1), rows normalised; the prior is the mean of q.

    log_probabilities: n x K per view; the views count as independent given the class.
    """
    prior = q.mean(dim=0).clamp_min(FLOOR).log()
    return (torch.stack(list(log_probabilities)).sum(dim=0) - (len(log_probabilities) - 1) * prior).log_softmax(dim=1)


def uniform_errors(q: Tensor, given: Tensor) -> Tensor:
    """The symmetric transition matrix of a witness whose labels are given (n), if the classes are q (n x K)."""
    return symmetric(float(q.gather(1, given[:, None]).mean()), q.shape[1]).to(q.device)


def free_errors(q: Tensor, given: Tensor) -> Tensor:
    """Row y = distribution of the given labels among samples of class y; every row is lent one label, evenly."""
    classes = q.shape[1]
    counts = q.T @ F.one_hot(given, classes).to(q.dtype) + 1 / classes
    return counts / counts.sum(dim=1, keepdim=True)


def _rounds(
    models: Sequence[SoftRegression],
    q: Tensor,
    transitions: Sequence[Tensor],
    given: Sequence[Tensor],
    rounds: int,
    errors: Callable[[Tensor, Tensor], Tensor],
) -> tuple[Tensor, Tensor, list[Tensor]]:
    for _ in range(rounds):
        opinion = joint_opinion([model.fit(q, STEPS) for model in models], q)
        q = expectation(opinion, transitions, given)
        transitions = [errors(q, labels) for labels in given]
    return q, opinion, list(transitions)


def _settle(opinion: Tensor, transitions: Sequence[Tensor], given: Sequence[Tensor]) -> list[Tensor]:
    """Full transitions of highest likelihood near the given ones."""
    for _ in range(TRIES):
        q = expectation(opinion, transitions, given)
        transitions = [free_errors(q, labels) for labels in given]
    return list(transitions)


def _witnesses(labels: Labels) -> dict[str, str]:
    """View -> the first view with the same labels."""
    return {view: next(first for first in labels if np.array_equal(labels[first], labels[view])) for view in labels}


def _unrelated(opinion: Tensor, given: Sequence[Tensor]) -> bool:
    """Whether the opinion of the features agrees with no witness beyond chance."""
    predicted = opinion.argmax(dim=1).cpu().numpy()
    return all(by_chance(predicted, labels.cpu().numpy(), opinion.shape[1]) for labels in given)


def evidence(transitions: Sequence[Tensor], given: Sequence[Tensor]) -> Tensor:
    """What the labels alone say: q(y) proportional to prod_v T_v[y, given_v]. given: n each -> n x K."""
    return F.softmax(_log_evidence(transitions, given), dim=1)


def _log_evidence(transitions: Sequence[Tensor], given: Sequence[Tensor]) -> Tensor:
    """Sum over witnesses of log T_v[y, given_v]: n x K."""
    seen = [matrix.log().T[labels] for matrix, labels in zip(transitions, given, strict=True)]
    return torch.stack(seen).sum(dim=0)


def _average(given: Sequence[Tensor], classes: int) -> Tensor:
    return torch.stack([F.one_hot(labels, classes).double() for labels in given]).mean(dim=0)


def _uniform(classes: int, device: torch.device) -> Tensor:
    return torch.full((classes, classes), 1 / classes, dtype=torch.float64, device=device)


def _label_posterior(
    q: Tensor,
    transitions: Sequence[Tensor],
    witness: Mapping[str, str],
    *,
    certain: bool = False,
    full: bool = False,
    penalty: float | None = None,
) -> LabelPosterior:
    matrices = dict(zip(dict.fromkeys(witness.values()), transitions, strict=True))
    share = q.mean(dim=0)
    reliability = {view: float(share @ matrices[first].diagonal()) for view, first in witness.items()}
    transition = {view: matrices[first].cpu().numpy() for view, first in witness.items()}
    return LabelPosterior(q.cpu().numpy(), reliability, transition, certain, full, penalty)
