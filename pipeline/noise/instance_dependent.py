"""Instance-dependent noise: the features of a sample tell which wrong class its label becomes.

After the generator of Xia et al., Part-dependent Label Noise: Towards Instance-dependent Label Noise (NeurIPS 2020,
appendix). Every sample gets a flip probability q from a normal distribution around the rate with standard deviation
0.1, truncated; its label stays with probability 1 - q. Else the wrong class is drawn from the softmax, over the K - 1
wrong classes, of the features times a standard normal d x K matrix, one matrix per true class. So the label flips by
chance and the features decide to what; the more of them there are, the less is left to chance. Every view has
matrices, flip probabilities and a draw of its own.

rate: the expected share of wrong labels; the realised one varies as a binomial of n draws does.

Differences from the authors' code: q is truncated to the largest interval around the rate within [0, 1] and not to
[0, 1] itself, whose mean is 0.129 at rate 0.1 and 0.206 at 0.2, so that its mean is the rate; and each feature is first
brought to mean 0 and variance 1 over the training samples, as extractors differ in scale.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy.special import ndtr, ndtri

from pipeline.core.corruption import Corruption
from pipeline.core.errors import BadInput, BadParams
from pipeline.core.papers import Paper
from pipeline.core.splits import Array, Labels, Views
from pipeline.noise.base import ANNOTATOR, Noise, RngFor

DEVIATION = 0.1


class InstanceDependent(Noise):
    """Draws a flip probability per sample, and a wrong class from a softmax of projected features."""

    display: ClassVar[str] = "instance-dependent"
    paper: ClassVar[Paper | None] = Paper(
        title="Part-dependent Label Noise: Towards Instance-dependent Label Noise",
        authors="Xia, Liu, Han, Wang, Gong, Liu, Niu, Tao, Sugiyama",
        venue="NeurIPS",
        year=2020,
        url="https://arxiv.org/abs/2006.07836",
    )
    per_pair = False

    def corrupt(self, labels: Labels, classes: int, rate: float, features: Views | None, rng_for: RngFor) -> Corruption:
        if classes < 2:
            raise BadParams("there is no wrong class", "params.yaml, experiments", "leave this noise out")
        if features is None:
            raise BadInput("there are no features", "noise 'instance_dependent'", "give n x d features of every view")
        noisy = {}
        for view, clean in labels.items():
            rng = rng_for(view)
            flips = rng.random(len(clean)) < _flip_probabilities(len(clean), rate, rng)
            x = features[view].reshape(len(clean), -1)
            wrong = _wrong_classes(clean, x, classes, rng, rng_for(ANNOTATOR, view))
            noisy[view] = np.where(flips, wrong, clean).astype(np.int64)
        return Corruption(noisy)


def _flip_probabilities(count: int, rate: float, rng: np.random.Generator) -> Array:
    """n draws from the truncated normal distribution, by its inverse."""
    bound = min(rate, 1 - rate) / DEVIATION
    return np.asarray(rate + DEVIATION * ndtri(rng.uniform(ndtr(-bound), ndtr(bound), count)))


def _wrong_classes(
    clean: Array, x: Array, classes: int, rng: np.random.Generator, annotator: np.random.Generator
) -> Array:
    """n classes, none the true one; the largest score plus Gumbel noise is a draw from the scores' softmax.

    annotator: draws the matrices.
    """
    mean, deviation = x.mean(axis=0, dtype=np.float64), x.std(axis=0, dtype=np.float64)
    deviation[deviation == 0] = 1
    scores = rng.gumbel(size=(len(clean), classes))
    for true in range(classes):
        members = clean == true
        scores[members] += (x[members] - mean) / deviation @ annotator.standard_normal((x.shape[1], classes))
    scores[np.arange(len(clean)), clean] = -np.inf
    return np.asarray(scores.argmax(axis=1))
