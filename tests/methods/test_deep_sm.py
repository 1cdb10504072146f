"""deep-SM against cross-entropy written by hand."""

import math

import numpy as np
import pytest
import torch

from pipeline.core.criteria import LAST_EPOCH
from pipeline.learning.loop import Batch, Step
from tests.support.paired import CLASSES, CPU, DIMS, THREE, batch_of, make, run, split


@pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
def test_loss_is_cross_entropy_of_the_logits(dims):
    data = split(7, 0, dims)
    data.labels["text"][:] = np.roll(data.labels["text"], 1)
    method, batch = make("deep_sm"), batch_of(data)
    torch.manual_seed(0)
    model = method.build(dims, CLASSES).double()
    terms = method.loss(batch, model, Step(0, 1, 0, 1))
    expected = {}
    for view, x in batch.views.items():
        losses = []
        for logits, label in zip(model.logits(view, x).tolist(), data.labels[view], strict=True):
            losses.append(math.log(sum(math.exp(logit) for logit in logits)) - logits[label])
        expected[f"cross_entropy_{view}"] = sum(losses) / len(losses)
    assert {name: term.item() for name, term in terms.items()} == pytest.approx(expected, abs=1e-10)


def test_embeddings_are_class_probabilities():
    train, test = split(40, 0), split(10, 2)
    fitted = make("deep_sm").fit(train, split(20, 1), run())
    for view, z in fitted.at(LAST_EPOCH).transform(test.views).items():
        assert z.shape == (10, CLASSES)
        assert z.min() >= 0
        np.testing.assert_allclose(z.sum(axis=1), 1, atol=1e-6)
        logits = fitted.model.logits(view, torch.tensor(test.views[view])).detach().double().numpy()
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        np.testing.assert_allclose(z, weights / weights.sum(axis=1, keepdims=True), atol=1e-6)


def test_softmax_of_the_class_scores_gives_the_embeddings_back():
    model = make("deep_sm").build(DIMS, CLASSES)
    for rows in model(Batch.of(split(9, 0), CPU).views).values():
        torch.testing.assert_close(model.class_scores(rows).softmax(1), rows)


def test_a_probability_that_underflows_still_has_a_finite_score():
    model = make("deep_sm").build(DIMS, CLASSES)
    certain = torch.tensor([[1.0, 0.0, 0.0]])
    scores = model.class_scores(certain)
    assert torch.isfinite(scores).all()
    torch.testing.assert_close(scores.softmax(1), certain)


def test_suspicion_is_1_minus_the_probability_of_the_given_label():
    train = split(30, 0)
    fitted = make("deep_sm").fit(train, None, run())
    for view, z in fitted.at(LAST_EPOCH).transform(train.views).items():
        expected = 1 - z[range(30), train.labels[view]]
        np.testing.assert_allclose(fitted.suspicion()[view], expected, atol=1e-6)


def test_views_are_trained_apart():
    """Other texts and other labels of texts leave the image network as it is."""
    train = split(30, 0)
    before = make("deep_sm").fit(train, None, run()).at(LAST_EPOCH).transform(train.views)
    train.views["text"][:] = train.views["text"][::-1].copy()
    train.labels["text"][:] = 0
    after = make("deep_sm").fit(train, None, run()).at(LAST_EPOCH).transform(train.views)
    np.testing.assert_array_equal(after["image"], before["image"])
    assert not np.array_equal(after["text"], before["text"])


def test_needs_no_width_of_the_common_space():
    assert make("deep_sm").build(DIMS, 5).encode("text", torch.zeros(2, 8)).shape == (2, 5)
