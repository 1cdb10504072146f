"""Every label of a dataset judged by a method that did not see it, for labels that are noisy in every split.

Training, validation and test samples are pooled. A method is fitted once per fold on the others, without validation
samples (there are no clean ones), and its last epoch judges the fold. Witness asks the label model of
explore/annotators once for all of them: regressions that did not see a sample's labels judge it, and every label of
every annotator is weighed as one more witness.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.special import log_softmax, softmax

from pipeline.core.datasets import Annotations
from pipeline.core.errors import BadInput
from pipeline.core.progress import Progress
from pipeline.core.runs import LabelNoise, Need, Run
from pipeline.core.seeds import generator
from pipeline.core.splits import Array, Split
from pipeline.explore.annotators.heard import Heard, heard
from pipeline.explore.annotators.label_model import by_labels_and_features
from pipeline.methods.base import Method
from pipeline.methods.base.targets import EM, FOLDS, fold_generator, take
from pipeline.methods.witness import Witness
from pipeline.runs.pool import on_pool

EVEN = 1e-6
"""Suspicions that differ by no more tell no label from another."""


Judged = tuple[Array | slice, Array, LabelNoise | None, tuple[Heard, ...]]
"""Which rows, their class probabilities (K each), an estimate of the noise, and how good each annotator is."""
Job = tuple[Callable[..., Judged], tuple[Any, ...]]


@dataclass(frozen=True)
class Judgement:
    """What a method says about n labels per view.

    suspicion: view -> n times 1 - the probability of the given label, from all views together; suggested: the n
    likeliest classes; label_noise: an estimate of how many are wrong, None from a method without one; annotators: how
    good each of them is, where there are several and the method says it.
    """

    suspicion: Mapping[str, Array]
    suggested: Array
    label_noise: LabelNoise | None
    annotators: tuple[Heard, ...] = ()


def judge(
    method: Method, pooled: Split, seed: int, progress: Progress, annotations: Annotations | None = None
) -> Judgement:
    """Judge the labels of all splits, pooled. annotations: where samples have several labels, all of them.

    Raises BadInput for a method that cannot judge, and where no label is more suspicious than another.
    """
    _check(method, len(pooled.views))
    jobs: list[Job]
    if isinstance(method, Witness) and _judges_out_of_fold(method):
        jobs = [(_believe, (pooled, annotations, seed))]
    else:
        jobs = [(_score, (method, pooled, held_out, seed)) for held_out in _folds(pooled, seed)]
    probabilities = np.zeros((len(pooled), pooled.classes))
    said = []
    for done, (rows, of_rows, noise, of_annotators) in enumerate(on_pool(jobs), start=1):
        probabilities[rows] = of_rows
        said.append((noise, of_annotators))
        progress(done, len(jobs))
    samples = np.arange(len(pooled))
    suspicion = {view: 1 - probabilities[samples, given] for view, given in pooled.labels.items()}
    if all(np.ptp(s) <= EVEN for s in suspicion.values()):
        problem = "no label is more suspicious than another, for the features predict the labels no better than chance"
        raise BadInput(problem, method.display, "look at the probe of each view and try other extractors")
    return Judgement(suspicion, probabilities.argmax(axis=1), *said[0])


def _check(method: Method, views: int) -> None:
    if method.needs_truth:
        raise BadInput("it is taught the true labels, which nobody knows here", method.display, "take another variant")
    if Need.LABELS not in method.needs:
        raise _cannot_tell(method)
    if Need.TWO_VIEWS in method.needs and views != 2:
        raise BadInput(f"it needs exactly two views, there are {views}", method.display, "take witness")


def _cannot_tell(method: Method) -> BadInput:
    remedy = "take witness, or a method with class scores, such as mrl"
    return BadInput("it does not tell which labels look wrong", method.display, remedy)


def _judges_out_of_fold(method: Witness) -> bool:
    """Whether this variant of Witness asks one EM, whose regressions judge samples that they were not fitted on."""
    return method.targets == EM and method.rounds > 0 and method.folds > 1 and not method.one_witness


def _folds(pooled: Split, seed: int) -> list[Array]:
    """n booleans per fold; every class of the first view's labels is spread evenly over the folds."""
    labels = next(iter(pooled.labels.values()))
    draws = generator(seed, "cross-fitting").permutation(len(pooled))
    fold = np.empty(len(pooled), dtype=np.int64)
    fold[np.lexsort((draws, labels))] = np.arange(len(pooled)) % FOLDS
    return [fold == number for number in range(min(FOLDS, len(pooled)))]


def _believe(pooled: Split, annotations: Annotations | None, seed: int, device: torch.device) -> Judged:
    """What the label model believes of all samples. A label that won for no sample is no class of theirs."""
    distinct: dict[str, Array] = {}
    for view, given in pooled.labels.items():
        if not any(np.array_equal(given, other) for other in distinct.values()):
            distinct[view] = given
    names, table, classes = list(distinct), np.stack(list(distinct.values()), axis=1), pooled.classes
    if annotations is not None:
        names, table, classes = list(annotations.annotators), annotations.votes, len(annotations.labels)
    belief = by_labels_and_features(table, classes, pooled.views, fold_generator(Run(seed, device)), device)
    posterior = belief.posterior[:, : pooled.classes]
    posterior = posterior / posterior.sum(axis=1, keepdims=True)
    rows = np.arange(len(pooled))
    wrong = {view: float(np.mean(1 - posterior[rows, given])) for view, given in pooled.labels.items()}
    if annotations is None:
        reliability = {name: one.right for name, one in zip(names, belief.annotators, strict=True)}
        first = next(iter(reliability.values()))
        wrong = {view: 1 - reliability.get(view, first) for view in pooled.labels}
    of_annotators = () if annotations is None else heard(names, table, belief, device)
    return slice(None), posterior, LabelNoise(wrong, belief.certain), of_annotators


def _score(method: Method, pooled: Split, held_out: Array, seed: int, device: torch.device) -> Judged:
    """What a fit on the other samples says of those held out (n booleans)."""
    fitted = method.fit(take(pooled, ~held_out), None, Run(seed, device))
    embedder = fitted.at(fitted.states[0])
    scores = embedder.class_scores(take(pooled, held_out).views)
    if scores is None:
        raise _cannot_tell(method)
    joint = np.sum([log_softmax(s[:, : embedder.classes], axis=1) for s in scores.values()], axis=0)
    return held_out, softmax(joint, axis=1), None, ()
