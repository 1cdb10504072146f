"""Forward correction against its formula, and under noise that it knows."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from pipeline.core.criteria import LAST_EPOCH
from pipeline.learning.loop import Step
from pipeline.methods.forward import Forward, forward_corrected
from tests.support.paired import CLASSES, DIMS, THREE, batch_of, make, relabelled, run, settings, slow_map, split

DRAWN = torch.Generator().manual_seed(0)
SCORES = 2 * torch.randn(9, 3, dtype=torch.float64, generator=DRAWN)
LABELS = torch.randint(3, (9,), generator=DRAWN)
T = torch.tensor([[0.7, 0.2, 0.1], [0.0, 0.9, 0.1], [0.3, 0.3, 0.4]], dtype=torch.float64)


def slow(scores, labels, transition):
    total = 0.0
    for row, label in zip(scores.tolist(), labels.tolist(), strict=True):
        weights = [math.exp(score) for score in row]
        given = sum(w / sum(weights) * line[label] for w, line in zip(weights, transition.tolist(), strict=False))
        total -= math.log(given)
    return total / len(labels)


def test_loss_equals_the_formula():
    assert forward_corrected(SCORES, LABELS, T).item() == pytest.approx(slow(SCORES, LABELS, T), abs=1e-12)
    assert torch.autograd.gradcheck(lambda s: forward_corrected(s, LABELS, T), [SCORES.clone().requires_grad_()])


def test_without_noise_it_is_cross_entropy_also_where_probabilities_underflow():
    scores = torch.cat([SCORES, torch.tensor([[0.0, 900.0, 0.0]])]).requires_grad_()
    labels = torch.cat([LABELS, torch.tensor([0])])
    one = forward_corrected(scores, labels, torch.eye(3, dtype=torch.float64))
    other = F.cross_entropy(scores, labels)
    assert one.item() == pytest.approx(other.item(), abs=1e-12)
    for ours, plain in zip(torch.autograd.grad(one, [scores]), torch.autograd.grad(other, [scores]), strict=True):
        torch.testing.assert_close(ours, plain)


def test_a_spare_prototype_takes_part_in_the_softmax_and_is_given_as_no_label():
    spare = torch.cat([SCORES, torch.ones(9, 1, dtype=torch.float64)], dim=1)
    assert forward_corrected(spare, LABELS, T).item() == pytest.approx(slow(spare, LABELS, T), abs=1e-12)


def test_it_is_least_where_the_probabilities_are_those_of_the_true_classes():
    """Labels in the frequencies that T makes of the class probabilities p: no other probabilities fit them better."""
    p = torch.tensor([0.6, 0.1, 0.3], dtype=torch.float64)
    labels = torch.arange(3).repeat_interleave((1000 * (p @ T)).round().long())

    def fit(scores):
        return forward_corrected(scores.expand(len(labels), 3), labels, T)

    best = p.log().requires_grad_()
    (gradient,) = torch.autograd.grad(fit(best), [best])
    torch.testing.assert_close(gradient, torch.zeros(3, dtype=torch.float64), rtol=0, atol=1e-12)
    for other in ([0.5, 0.2, 0.3], [0.7, 0.1, 0.2], (p @ T).tolist()):
        assert fit(torch.tensor(other, dtype=torch.float64).log()) > fit(best)


@pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
def test_every_view_has_a_transition_of_its_own(dims):
    given = split(7, 0, dims)
    given.labels["text"][:] = np.roll(given.labels["text"], 1)
    data = batch_of(given)
    method = make("forward", temperature=0.3)
    torch.manual_seed(0)
    model = method.build(dims, CLASSES).double()
    method.transitions_ = {view: torch.roll(T, (n, n), (0, 1)) for n, view in enumerate(dims)}
    expected = {
        f"forward_corrected_{view}": slow(z @ model.prototypes / 0.3, data.labels[view], method.transitions_[view])
        for view, z in model(data.views).items()
    }
    terms = method.loss(data, model, Step(0, 1, 0, 1))
    assert {name: term.item() for name, term in terms.items()} == pytest.approx(expected, abs=1e-6)


class Told(Forward):
    """Forward correction that is told the transition in the place of an estimate."""

    def estimate(self, train, run):
        return dict.fromkeys(train.views, self.told), True


def last_epoch(transition, train, **changes):
    method = Told(**settings("forward", temperature=0.3, **changes))
    method.told = transition
    return method.fit(train, None, run()).at(LAST_EPOCH)


def test_a_known_transition_undoes_a_class_map():
    """Class c is called c + 1 more often than c: cross-entropy learns that class, forward correction the true one."""
    train, rng = split(240, 0), np.random.default_rng(1)
    clean = {view: y.copy() for view, y in train.labels.items()}
    for y in train.labels.values():
        y[:] = np.where(rng.random(len(y)) < 0.7, (y + 1) % CLASSES, y)
    flips = 0.3 * torch.eye(CLASSES) + 0.7 * torch.roll(torch.eye(CLASSES), 1, 1)

    def right(transition):
        scores = last_epoch(transition, train, epochs=15, learning_rate=0.01).class_scores(train.views)
        return np.mean([scores[view].argmax(1) == clean[view] for view in DIMS])

    assert right(torch.eye(CLASSES)) < 0.3
    assert right(flips) > 0.7


def test_under_symmetric_noise_it_ends_above_cross_entropy():
    """After epochs in which cross-entropy has learned wrong labels by heart."""
    clean, test = split(240, 0, pull=1.0), split(120, 2, pull=1.0)
    train, changes = relabelled(clean, 4, share=0.6), {"epochs": 30, "learning_rate": 0.01}
    corrected = make("forward", temperature=0.3, **changes).fit(train, None, run())
    assert corrected.label_noise().certain
    for view, share in corrected.label_noise().wrong.items():
        assert share == pytest.approx(np.mean(train.labels[view] != clean.labels[view]), abs=0.1)
    ours, plain = (
        slow_map(embedder.transform(test.views), test.labels)
        for embedder in (corrected.at(LAST_EPOCH), last_epoch(torch.eye(CLASSES), train, **changes))
    )
    assert ours > plain + 0.02
