"""GCE against its formula, at its two ends, and with wrong labels."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from pipeline.core.errors import BadParams
from pipeline.learning.loop import Step
from pipeline.methods.gce import generalised_cross_entropy
from tests.support.paired import CLASSES, DIMS, THREE, batch_of, make, split

DRAWN = torch.Generator().manual_seed(0)
SCORES = 2 * torch.randn(9, 4, dtype=torch.float64, generator=DRAWN)
LABELS = torch.randint(4, (9,), generator=DRAWN)


def slow(scores, labels, q):
    total = 0.0
    for row, label in zip(scores.tolist(), labels.tolist(), strict=True):
        p = math.exp(row[label]) / sum(math.exp(score) for score in row)
        total += (1 - p**q) / q
    return total / len(labels)


@pytest.mark.parametrize("q", [0.1, 0.7, 1.0])
def test_loss_equals_the_formula(q):
    assert generalised_cross_entropy(SCORES, LABELS, q).item() == pytest.approx(slow(SCORES, LABELS, q), abs=1e-12)
    assert torch.autograd.gradcheck(
        lambda s: generalised_cross_entropy(s, LABELS, q), [SCORES.clone().requires_grad_()]
    )


def test_it_lies_between_cross_entropy_and_mean_absolute_error():
    near = generalised_cross_entropy(SCORES, LABELS, 1e-9)
    assert near.item() == pytest.approx(F.cross_entropy(SCORES, LABELS).item(), abs=1e-6)
    given = SCORES.softmax(1).gather(1, LABELS[:, None])
    assert generalised_cross_entropy(SCORES, LABELS, 1.0).item() == pytest.approx((1 - given).mean().item(), abs=1e-12)


def test_a_sample_pulls_by_p_to_the_q_times_what_it_pulls_in_cross_entropy():
    """So that one whose label looks wrong pulls least, and a probability that underflows gives no NaN."""
    scores = torch.tensor([[0.0, 1.0, -2.0], [0.0, 400.0, 0.0]], requires_grad=True)
    labels = torch.tensor([0, 0])
    (ours,) = torch.autograd.grad(generalised_cross_entropy(scores, labels, 0.7), [scores])
    (plain,) = torch.autograd.grad(F.cross_entropy(scores, labels), [scores])
    p = scores.detach().softmax(1)[:, :1]
    torch.testing.assert_close(ours, p**0.7 * plain)
    assert not ours[1].any()


@pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
def test_every_view_learns_its_own_labels_from_cosines_over_the_temperature(dims):
    given = split(7, 0, dims)
    given.labels["text"][:] = np.roll(given.labels["text"], 1)
    data = batch_of(given)
    method = make("gce", q=0.4, temperature=0.3)
    torch.manual_seed(0)
    model = method.build(dims, CLASSES).double()
    expected = {
        f"generalised_cross_entropy_{view}": slow(z @ model.prototypes / 0.3, data.labels[view], 0.4)
        for view, z in model(data.views).items()
    }
    terms = method.loss(data, model, Step(0, 1, 0, 1))
    assert {name: term.item() for name, term in terms.items()} == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("q", [0.0, 1.1])
def test_q_lies_above_0_and_up_to_1(q):
    with pytest.raises(BadParams, match=r"params.yaml, methods.gce: 'q' is .*"):
        make("gce", q=q)
