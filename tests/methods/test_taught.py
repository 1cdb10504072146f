"""What learns a consensus: Witness's network and CE's, to the same weights as the methods that have them."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from pipeline.core.criteria import LAST_EPOCH
from pipeline.core.errors import BadParams
from pipeline.learning.networks import PrototypeNetwork
from pipeline.methods.base.targets import EM
from pipeline.methods.base.taught import Consensus, Taught, annotators
from tests.support.paired import CLASSES, DIMS, make, relabelled, run, settings, split

NOISY = relabelled(split(60, 0), 3, 0.4)


@dataclass(kw_only=True, eq=False)
class Told(Taught):
    """Its consensus is given."""

    display: ClassVar[str] = "Told"
    posterior: np.ndarray

    def consensus(self, train, run):
        rows = np.arange(len(train))
        quality = {view: self.posterior[rows, y] for view, y in train.labels.items()}
        return Consensus(self.posterior, quality, certain=True)


def told(posterior, variant="default", **changes):
    return Told(posterior=posterior, **settings("dawid_skene", variant, **changes))


def assert_same_weights(one, other, **tolerance):
    one, other = (fit.at(LAST_EPOCH).state() for fit in (one, other))
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_allclose(one[name], other[name], **({"rtol": 0, "atol": 0} | tolerance))


@pytest.mark.parametrize("variant", ["default", "shared"])
def test_the_network_is_witnesss_to_the_bit(variant):
    """Told what EM believes it becomes Witness, so that only the label model makes a difference."""
    changes = {"weight_decay": 0.1, "temperature": 0.2, "dropouts": (0.2, 0.3)}
    witness = make("witness", variant, **changes).fit(NOISY, None, run())
    (posterior,) = {id(p): p.posterior for p in witness.lesson.posteriors.values()}.values()
    fit = told(posterior, variant, **changes).fit(NOISY, None, run())
    assert_same_weights(fit, witness)
    assert fit.history == witness.history
    for view, suspicion in witness.suspicion().items():
        np.testing.assert_array_equal(fit.suspicion()[view], suspicion)


@pytest.mark.parametrize("changes", [{}, {"network": "shared"}])
def test_ce_is_taught_the_likeliest_classes(changes):
    """To the weights of CE itself on these labels, up to rounding."""
    posterior = np.random.default_rng(0).dirichlet(np.ones(CLASSES), 60)
    taught = told(posterior, "ce", **changes).fit(NOISY, None, run())
    labels = dict.fromkeys(DIMS, posterior.argmax(axis=1))
    common = {"weight_decay": 1e-4, "dropouts": (0.2, 0.5)} | changes
    ce = make("ce", **common).fit(replace(NOISY, labels=labels), None, run())
    assert isinstance(taught.model, PrototypeNetwork)
    assert_same_weights(taught, ce, rtol=1e-3, atol=1e-5)


def test_of_equally_likely_classes_ce_is_taught_the_views_own():
    posterior = np.full((60, CLASSES), 1 / CLASSES)
    learned = told(posterior, "ce").lesson(NOISY, None, run())
    for view, y in NOISY.labels.items():
        np.testing.assert_array_equal(learned.targets[view], np.eye(CLASSES)[y])


def test_estimated_noise_is_the_mean_suspicion():
    posterior = np.random.default_rng(0).dirichlet(np.ones(CLASSES), 60)
    fit = told(posterior).fit(NOISY, None, run())
    for view, y in NOISY.labels.items():
        expected = np.mean([1 - posterior[i, label] for i, label in enumerate(y)])
        assert fit.label_noise().wrong[view] == pytest.approx(expected)
    assert fit.label_noise().certain


def test_views_with_the_same_labels_are_one_annotator():
    labels = {"a": np.array([2, 0, 1]), "b": np.array([0, 0, 1]), "c": np.array([2, 0, 1])}
    columns, number = annotators(labels)
    assert columns.shape == (3, 2)
    assert number["a"] == number["c"] != number["b"]
    for view, y in labels.items():
        np.testing.assert_array_equal(columns[:, number[view]], y)


@pytest.mark.parametrize("name", ["dawid_skene", "crowdlab"])
def test_other_targets_are_refused(name):
    with pytest.raises(BadParams, match=r"'targets' is em, but .* makes its own"):
        make(name, targets=EM).fit(NOISY, None, run())
