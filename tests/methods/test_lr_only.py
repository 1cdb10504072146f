"""L_r only is MRL with beta = 1."""

import pytest
import torch

from pipeline.learning.loop import Step
from tests.support.paired import CLASSES, DIMS, THREE, batch_of, make, run, split

STEP = Step(0, 1, 0, 1)


@pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
def test_loss_and_gradients_are_those_of_mrl_with_beta_1(dims):
    data = batch_of(split(7, 0, dims))
    one, other = make("lr_only", temperature=0.7), make("mrl", beta=1.0, temperature=0.7)
    torch.manual_seed(0)
    model = one.build(dims, CLASSES).double()
    result = []
    for method in (one, other):
        terms = method.loss(data, model, STEP)
        total = terms.get("total", sum(terms.values()))
        result.append([total, *torch.autograd.grad(total, list(model.parameters()))])
    for ours, mrls in zip(*result, strict=True):
        torch.testing.assert_close(ours, mrls, rtol=0, atol=1e-12)


def test_there_is_a_term_per_view_and_they_add_up():
    train = split(7, 0, THREE)
    method = make("lr_only")
    terms = method.loss(batch_of(train), method.build(THREE, CLASSES).double(), STEP)
    assert list(terms) == ["clustering_image", "clustering_text", "clustering_cloud"]
    (row, *_) = method.fit(train, None, run()).history
    assert row["loss/total"] == pytest.approx(sum(row[f"loss/{name}"] for name in terms), rel=1e-5)


def test_the_starting_weights_are_mrls():
    drawn = []
    for name in ("lr_only", "mrl"):
        torch.manual_seed(0)
        drawn.append(make(name).build(DIMS, CLASSES).state_dict())
    assert drawn[0].keys() == drawn[1].keys()
    assert all(torch.equal(drawn[0][key], drawn[1][key]) for key in drawn[0])


def test_nothing_ties_a_pair_together():
    """Which text stands beside which image does not matter."""
    data = batch_of(split(7, 0))
    method = make("lr_only")
    model = method.build(DIMS, CLASSES).double()
    total = sum(method.loss(data, model, STEP).values())
    order = torch.tensor([3, 1, 6, 0, 2, 5, 4])
    data.views["text"] = data.views["text"][order]
    data.labels["text"] = data.labels["text"][order]
    torch.testing.assert_close(sum(method.loss(data, model, STEP).values()), total, rtol=0, atol=1e-12)
