"""ACMR against its formulas written out triplet by triplet, and the game between encoders and discriminator."""

import math
from itertools import permutations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from pipeline.learning.loop import Step
from pipeline.methods.acmr import ramp, reverse_gradient, triplet_loss
from tests.support.paired import CLASSES, DIMS, THREE, batch_of, make, relabelled, run, split

LATE = Step(9, 10, 9, 10)


def drawn(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def slow_triplets(anchors, others, anchor_labels, other_labels, negative_weight, margin):
    values = []
    for a, label in zip(anchors.tolist(), anchor_labels.tolist(), strict=True):
        for p, positive in zip(others.tolist(), other_labels.tolist(), strict=True):
            for q, negative in zip(others.tolist(), other_labels.tolist(), strict=True):
                if positive == label != negative:
                    values.append(math.dist(a, p) + negative_weight * max(0.0, margin - math.dist(a, q)))
    return sum(values) / len(values) if values else 0.0


def slow_cross_entropy(scores, labels):
    losses = [math.log(sum(map(math.exp, row))) - row[label] for row, label in zip(scores, labels, strict=True)]
    return sum(losses) / len(losses)


def built(dims=DIMS, **changes):
    method = make("acmr", **changes)
    torch.manual_seed(0)
    return method, method.build(dims, CLASSES).double()


def mixed(dims=DIMS):
    """A batch in which the views disagree about many labels."""
    return batch_of(relabelled(split(9, 0, dims), 3))


@pytest.mark.parametrize(("negative_weight", "margin"), [(1.0, 1.0), (0.3, 4.0), (0.0, 1.0)])
def test_triplets_equal_the_formula(negative_weight, margin):
    """With unequal numbers per class, so that the weights of positives and negatives matter."""
    anchors, others = drawn(6, 5), drawn(6, 5, seed=1)
    labels = torch.tensor([0, 0, 0, 1, 2, 1]), torch.tensor([0, 1, 0, 3, 3, 2])
    value = triplet_loss(anchors, others, *labels, negative_weight, margin)
    assert value.item() == pytest.approx(slow_triplets(anchors, others, *labels, negative_weight, margin), abs=1e-12)
    assert torch.autograd.gradcheck(
        lambda a, o: triplet_loss(a, o, *labels, negative_weight, margin),
        [anchors.requires_grad_(), others.requires_grad_()],
    )


@pytest.mark.parametrize("other", [0, 1], ids=["no negative", "no positive"])
def test_without_triplets_the_loss_is_0(other):
    anchors = drawn(4, 5).requires_grad_()
    value = triplet_loss(anchors, drawn(4, 5, seed=1), torch.zeros(4).long(), torch.full((4,), other), 1.0, 9.0)
    value.backward()
    assert value.item() == 0
    assert not anchors.grad.any()


def test_equal_embeddings_have_a_finite_gradient():
    anchors = torch.ones(4, 5, requires_grad=True)
    labels = torch.tensor([0, 1, 0, 1])
    triplet_loss(anchors, torch.ones(4, 5), labels, labels, 1.0, 1.0).backward()
    assert torch.isfinite(anchors.grad).all()


def test_the_halves_of_a_pair_with_different_labels_are_pushed_apart():
    """Sample 0 has label 0 in one view and 1 in the other, where sample 1 has label 0."""
    anchors = torch.zeros(2, 2, dtype=torch.float64)
    others = torch.tensor([[0.5, 0.0], [0.0, 2.0]], dtype=torch.float64, requires_grad=True)
    triplet_loss(anchors, others, torch.tensor([0, 2]), torch.tensor([1, 0]), 1.0, 1.0).backward()
    np.testing.assert_allclose(-others.grad, [[1, 0], [0, -1]])


@pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
def test_loss_is_the_sum_of_its_terms(dims):
    method, model = built(dims, alpha=2.0, beta=3.0, norm_weight=0.2, margin=2.0, negative_weight=0.5, lambda_adv=0.7)
    data = mixed(dims)
    terms = method.loss(data, model, LATE)
    z = {view: rows.detach() for view, rows in model(data.views).items()}
    expected = {
        "triplets": sum(
            slow_triplets(z[a], z[b], data.labels[a], data.labels[b], 0.5, 2.0) for a, b in permutations(dims, 2)
        ),
        "classification": sum(
            slow_cross_entropy(model.head(rows).tolist(), data.labels[v].tolist()) for v, rows in z.items()
        ),
        "regularisation": sum(
            math.sqrt(sum(w * w for w in weights.flatten().tolist()))
            for name, weights in model.named_parameters()
            if name.startswith("encoders.") and name.endswith(".weight")
        ),
        "adversarial": sum(
            slow_cross_entropy(model.discriminator(rows).tolist(), [number] * 9)
            for number, rows in enumerate(z.values())
        ),
    }
    expected["total"] = (
        2 * expected["triplets"]
        + 3 * expected["classification"]
        + 0.2 * expected["regularisation"]
        + expected["adversarial"]
    )
    assert {name: term.item() for name, term in terms.items()} == pytest.approx(expected, abs=1e-10)


def test_reversal_keeps_the_value_and_turns_the_gradient():
    x = drawn(3, 2).requires_grad_()
    value = reverse_gradient(x, 0.4)
    assert torch.equal(value, x)
    (gradient,) = torch.autograd.grad((value**2).sum(), [x])
    torch.testing.assert_close(gradient, -0.4 * 2 * x)


def test_one_total_plays_both_players():
    """Encoders get -lambda_adv r(p) times the gradient of L_adv, the discriminator gets it as it is, the head none."""
    method, model = built(alpha=0.0, beta=0.0, lambda_adv=0.7)
    data = mixed()
    terms = method.loss(data, model, LATE)
    plain = sum(
        F.cross_entropy(model.discriminator(z), torch.full((9,), number))
        for number, z in enumerate(model(data.views).values())
    )
    weights = dict(model.named_parameters())
    result = torch.autograd.grad(terms["total"] - terms["regularisation"], list(weights.values()), allow_unused=True)
    straight = torch.autograd.grad(plain, list(weights.values()), allow_unused=True)
    strength = 0.7 * (2 / (1 + math.exp(-9)) - 1)
    for name, one, other in zip(weights, result, straight, strict=True):
        if name.startswith("head."):
            assert other is None
            assert not one.any()
            continue
        assert other.abs().max() > 0
        torch.testing.assert_close(one, other if name.startswith("discriminator.") else -strength * other)


@pytest.mark.parametrize("lambda_adv", [0.0, 1.0])
def test_all_parts_get_finite_gradients(lambda_adv):
    method, model = built(lambda_adv=lambda_adv)
    method.loss(mixed(), model, LATE)["total"].backward()
    for weights in model.parameters():
        assert torch.isfinite(weights.grad).all()
        assert weights.grad.abs().max() > 0


def test_the_ramp_grows_from_0_to_1():
    result = [ramp(Step(0, 1, iteration, 100)) for iteration in range(100)]
    assert result == pytest.approx([2 / (1 + math.exp(-i / 10)) - 1 for i in range(100)])
    assert result == sorted(result)
    assert (result[0], round(result[-1], 3)) == (0, 1)


def test_the_discriminator_descends_and_the_head_learns():
    """Where the encoders do not hide, the discriminator tells the views apart; the head learns in either case."""
    train, alone = split(120, 0), {"alpha": 0.0, "beta": 1.0, "norm_weight": 0.0}
    displayed, hidden = (
        make("acmr", epochs=20, learning_rate=0.01, lambda_adv=strength, **alone).fit(train, None, run())
        for strength in (0.0, 1.0)
    )
    assert displayed.history[-1]["loss/adversarial"] < 0.8 * displayed.history[0]["loss/adversarial"]
    assert hidden.history[-1]["loss/adversarial"] > 1.4 * displayed.history[-1]["loss/adversarial"]
    for method in (displayed, hidden):
        assert method.history[-1]["loss/classification"] < 0.2 * method.history[0]["loss/classification"]
    for view, scores in displayed.suspicion().items():
        assert scores.mean() < 0.3, view


def test_every_weight_is_trained_by_one_adam():
    method, model = built()
    (optimiser,) = method.optimisers(model)
    groups = optimiser.param_groups
    assert [group["name"] for group in groups] == ["all"]
    assert {id(p) for p in groups[0]["params"]} == {id(p) for p in model.parameters()}


def test_layers():
    model = make("acmr", hidden=[256], embedding=200).build({"image": 1280, "text": 300, "cloud": 5}, 10)
    layers = list(model.encoders["image"])
    assert [type(layer).__name__ for layer in layers] == ["Linear", "Tanh", "Linear", "Tanh"]
    assert [(layer.in_features, layer.out_features) for layer in layers[::2]] == [(1280, 256), (256, 200)]
    assert (model.head.in_features, model.head.out_features) == (200, 10)
    assert [(layer.in_features, layer.out_features) for layer in model.discriminator[::2]] == [(200, 50), (50, 3)]
