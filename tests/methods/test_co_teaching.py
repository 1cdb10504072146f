"""Co-teaching against its algorithm followed sample by sample, and its two networks step by step."""

import math

import numpy as np
import pytest
import torch

from pipeline.core.criteria import LAST_EPOCH
from pipeline.learning.loop import Step
from pipeline.methods.co_teaching import CoTeaching, co_teaching
from tests.support.paired import CLASSES, DIMS, THREE, batch_of, fit_in_place, make, relabelled, run, settings, split

DRAWN = torch.Generator().manual_seed(0)
ONE, OTHER = 2 * torch.randn(2, 10, 4, dtype=torch.float64, generator=DRAWN)
LABELS = torch.randint(4, (10,), generator=DRAWN)


def slow(one, other, labels, kept):
    losses = []
    for scores in (one.tolist(), other.tolist()):
        pairs = zip(scores, labels.tolist(), strict=True)
        losses.append([math.log(sum(math.exp(s) for s in row)) - row[label] for row, label in pairs])
    chosen = [sorted(range(len(column)), key=column.__getitem__)[:kept] for column in losses]
    return [sum(losses[n][i] for i in chosen[1 - n]) / kept for n in (0, 1)]


@pytest.mark.parametrize(("forget_rate", "kept"), [(0.0, 10), (0.25, 7), (0.5, 5), (0.99, 1)])
def test_each_network_learns_what_fits_the_other_best(forget_rate, kept):
    ours = [loss.item() for loss in co_teaching(ONE, OTHER, LABELS, forget_rate)]
    assert ours == pytest.approx(slow(ONE, OTHER, LABELS, kept), abs=1e-12)


def test_no_network_has_a_gradient_from_the_other_ones_loss():
    one, other = ONE.clone().requires_grad_(), OTHER.clone().requires_grad_()
    first, second = co_teaching(one, other, LABELS, 0.5)
    assert torch.autograd.grad(first, [other], retain_graph=True, allow_unused=True) == (None,)
    assert torch.autograd.grad(second, [one], retain_graph=True, allow_unused=True) == (None,)
    (gradient,) = torch.autograd.grad(first, [one])
    assert int(gradient.any(dim=1).sum()) == 5


def ready(dims=DIMS, **changes):
    """A method that reckons with .2 of the labels wrong in the first view and .4 in the others, and its network."""
    data = batch_of(relabelled(split(9, 0, dims), 3))
    method = make("co_teaching", **changes)
    torch.manual_seed(0)
    model = method.build(dims, CLASSES).double()
    method.before_training(model, data, None)
    method.peer_ = method.peer_.double()
    correct = {view: 0.6 + 0.2 * (view == "image") for view in dims}
    method.transitions_ = {
        v: p * torch.eye(CLASSES) + (1 - p) / 2 * (1 - torch.eye(CLASSES)) for v, p in correct.items()
    }
    return method, model, data


@pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
@pytest.mark.parametrize(("epoch", "kept"), [(0, [9, 9]), (2, [8, 7]), (4, [7, 5]), (9, [7, 5])])
def test_loss_equals_the_algorithm_in_every_view(dims, epoch, kept):
    """T_k is epoch 4 of 10; the images keep more samples than the views with more wrong labels."""
    method, model, data = ready(dims, gradual=0.4, forget_factor=1.0, temperature=0.3)
    expected = np.zeros(2)
    peers = method.peer_(data.views)
    for view, z in model(data.views).items():
        scores = z @ model.prototypes / 0.3, peers[view] @ method.peer_.prototypes / 0.3
        expected += slow(*scores, data.labels[view], kept[view != "image"])
    terms = method.loss(data, model, Step(epoch, 10, epoch, 10))
    assert [terms["network"].item(), terms["peer"].item()] == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize(("factor", "forgotten"), [(0.5, 0.2), (1.5, 0.6), (5.0, 2 / 3)])
def test_the_factor_scales_what_is_forgotten_up_to_what_chance_leaves_wrong(factor, forgotten):
    method, _, _ = ready(forget_factor=factor, gradual=0.1)
    assert method._forget_rate("text", Step(9, 10, 9, 10)) == pytest.approx(forgotten, abs=1e-6)


def test_both_networks_train_and_the_first_is_what_is_embedded_and_kept():
    train = relabelled(split(40, 0), 3, share=0.3)
    method = make("co_teaching")
    fitted = fit_in_place(method, train, None)
    embedder = fitted.at(LAST_EPOCH)
    assert list(embedder.state()) == list(method.build(DIMS, CLASSES).state_dict())
    z = torch.tensor(embedder.transform(train.views)["image"])
    x = torch.tensor(train.views["image"])
    torch.testing.assert_close(z, fitted.model.encode("image", x).detach())
    assert not torch.allclose(z, method.peer_.encode("image", x).detach(), atol=0.1)
    for network in ("network", "peer"):
        assert fitted.history[1][f"loss/{network}"] < fitted.history[0][f"loss/{network}"]


def test_a_step_down_the_sum_is_a_step_of_each_network_down_its_own_loss():
    both, model, data = ready(learning_rate=0.01, weight_decay=0.0)
    apart, alone, _ = ready(learning_rate=0.01, weight_decay=0.0)
    position = Step(3, 10, 3, 10)
    both.step(data, model, both.optimisers(model), position)
    terms = apart.loss(data, alone, position)
    for network, term in ((alone, "network"), (apart.peer_, "peer")):
        optimiser = torch.optim.Adam(network.parameters(), lr=0.01, betas=apart.betas)
        network.zero_grad()
        terms[term].backward()
        optimiser.step()
    for ours, theirs in ((model, alone), (both.peer_, apart.peer_)):
        for name, weights in ours.state_dict().items():
            torch.testing.assert_close(weights, theirs.state_dict()[name], rtol=0, atol=1e-9)


@pytest.mark.parametrize("variant", ["default", "shared"])
def test_prototypes_of_both_are_unit_at_every_step_and_both_rates_follow_the_schedule(variant):
    norms, rates = [], []

    class Watched(CoTeaching):
        def step(self, batch, model, optimisers, position):
            norms.extend(network.prototypes.detach().norm(dim=0) for network in (model, self.peer_))
            rates.append([group["lr"] for group in optimisers[0].param_groups])
            return super().step(batch, model, optimisers, position)

    Watched(**settings("co_teaching", variant, learning_rate=0.1)).fit(split(40, 0), None, run())
    for norm in norms:
        torch.testing.assert_close(norm, torch.ones(CLASSES))
    assert all(one == other for one, other in rates)
    assert rates[0] != rates[-1] or variant == "default"


def test_what_the_networks_leave_out_are_wrong_labels():
    clean = split(240, 0)
    train = relabelled(clean, 5, share=0.45)
    fitted = make("co_teaching", epochs=20, learning_rate=0.01, temperature=0.3).fit(train, None, run())
    noise = fitted.label_noise()
    assert noise.certain
    for view, suspicion in fitted.suspicion().items():
        wrong = train.labels[view] != clean.labels[view]
        assert noise.wrong[view] == pytest.approx(wrong.mean(), abs=0.1)
        left = np.argsort(-suspicion)[: int(wrong.sum())]
        assert wrong[left].mean() > 0.8
