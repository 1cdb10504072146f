"""FGCrossNet against its formulas written out sample by sample, and its draw of quadruplets against all of them."""

import math
from itertools import product

import numpy as np
import pytest
import torch

from pipeline.core.criteria import LAST_EPOCH
from pipeline.core.errors import BadParams
from pipeline.learning.loop import Step
from pipeline.methods.fgcrossnet import centre_loss, ranking_loss, sample_quadruplets
from tests.support.paired import CLASSES, DIMS, THREE, batch_of, make, relabelled, run, split

FIRST_PART, SECOND_PART = Step(4, 10, 4, 10), Step(5, 10, 5, 10)


def drawn(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def slow_ranking(logits, quadruplets, first, second):
    rows = logits.tolist()
    values = []
    for i, j, k, third in quadruplets:
        near = math.dist(rows[i], rows[j])
        value = near - math.dist(rows[i], rows[k]) + first + near - math.dist(rows[k], rows[third]) + second
        if value > 0:
            values.append(value)
    return sum(values) / len(values) if values else 0.0


def allowed(labels):
    """All quadruplets of rows of the stacked views that may be drawn."""
    views, size = labels.shape
    samples = [(view, labels[view, row].item(), view * size + row) for view in range(views) for row in range(size)]
    result = set()
    for (a, y_i, i), (b, y_j, j), (c, y_k, k), (d, y_l, third) in product(samples, repeat=4):
        if y_i == y_j and len({y_i, y_k, y_l}) == 3 and a != b and a != c and c != d:
            result.add((i, j, k, third))
    return result


def draws(labels, classes, count, seed=0):
    torch.manual_seed(seed)
    quadruplets, valid = sample_quadruplets(labels, classes, count)
    assert quadruplets.shape == (count, 4)
    assert 0 <= quadruplets.min() <= quadruplets.max() < labels.numel()
    return [tuple(row) for row, kept in zip(quadruplets.tolist(), valid.tolist(), strict=True) if kept]


def built(dims=DIMS, **changes):
    method = make("fgcrossnet", **changes)
    torch.manual_seed(0)
    return method, method.build(dims, CLASSES).double()


@pytest.mark.parametrize(
    "labels",
    [
        [[0, 1, 2, 2], [0, 1, 2, 3]],
        [[0, 1, 4, 4], [4, 1, 1, 2]],
        [[0, 1, 2], [1, 1, 0], [3, 0, 2]],
    ],
    ids=["nearly paired", "views apart", "three views"],
)
def test_all_allowed_quadruplets_are_drawn_and_no_other(labels):
    labels = torch.tensor(labels)
    assert {*draws(labels, 5, 20000)} == allowed(labels)


def test_samples_are_drawn_uniformly():
    """The chance of each quadruplet, worked out from the order in which its four samples are drawn."""
    labels = torch.tensor([[0, 1, 2, 2], [0, 1, 1, 3]])
    flat, count = labels.flatten().tolist(), 40000
    result = draws(labels, 4, count)

    def rows(view, classes):
        return [row for row in range(4 * view, 4 * view + 4) if flat[row] in classes]

    for quadruplet in allowed(labels):
        i, _, k, _ = quadruplet
        other = 1 - i // 4
        options = (
            len(rows(other, {flat[i]})),
            len(rows(other, {0, 1, 2, 3} - {flat[i]})),
            len(rows(i // 4, {0, 1, 2, 3} - {flat[i], flat[k]})),
        )
        share = 1 / 8 / math.prod(options)
        assert abs(result.count(quadruplet) - count * share) < 5 * math.sqrt(count * share)


@pytest.mark.parametrize(
    "labels", [[[0, 1, 1], [0, 1, 0]], [[0, 0, 0], [1, 2, 3]], [[2, 2, 2], [2, 2, 2]]], ids=["two", "apart", "one"]
)
def test_without_quadruplets_the_loss_is_0(labels):
    labels = torch.tensor(labels)
    assert not allowed(labels)
    quadruplets, valid = sample_quadruplets(labels, 4, 500)
    logits = drawn(6, 4).requires_grad_()
    value = ranking_loss(logits, quadruplets, valid, 1.0, 0.5)
    value.backward()
    assert not valid.any()
    assert value.item() == 0
    assert not logits.grad.any()


def test_the_draw_follows_torchs_generator():
    labels = torch.tensor([[0, 1, 2, 2], [0, 1, 2, 3]])
    assert draws(labels, 4, 50) == draws(labels, 4, 50)
    assert draws(labels, 4, 50) != draws(labels, 4, 50, seed=1)


@pytest.mark.parametrize(("first", "second"), [(1.0, 0.5), (0.0, 0.0), (3.0, 2.0)])
def test_ranking_equals_the_formula(first, second):
    """One hinge of the sum, averaged where it is positive; refused quadruplets count for nothing."""
    logits, (quadruplets, valid) = drawn(8, 4), sample_quadruplets(torch.tensor([[0, 1, 2, 2], [0, 1, 2, 3]]), 4, 60)
    assert valid.any()
    assert not valid.all()
    kept = quadruplets[valid].tolist()
    value = ranking_loss(logits, quadruplets, valid, first, second)
    assert value.item() == pytest.approx(slow_ranking(logits, kept, first, second), abs=1e-12)
    assert torch.autograd.gradcheck(
        lambda o: ranking_loss(o, quadruplets, valid, first, second), [logits.requires_grad_()]
    )


def test_equal_logits_have_a_finite_gradient():
    logits = torch.ones(8, 4, requires_grad=True)
    value = ranking_loss(logits, *sample_quadruplets(torch.tensor([[0, 1, 2, 3]] * 2), 4, 60), 1.0, 0.5)
    value.backward()
    assert value.item() == 1.5
    assert torch.isfinite(logits.grad).all()


def test_centres_equal_the_formula():
    logits, centres, labels = drawn(6, 4), drawn(4, 4, seed=1), torch.tensor([0, 3, 2, 2, 0, 0])
    expected = [math.dist(o, centres[y].tolist()) ** 2 for o, y in zip(logits.tolist(), labels.tolist(), strict=True)]
    assert centre_loss(logits, labels, centres).item() == pytest.approx(sum(expected) / 6, abs=1e-12)
    assert torch.autograd.gradcheck(
        lambda o, g: centre_loss(o, labels, g), [logits.requires_grad_(), centres.requires_grad_()]
    )


@pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
@pytest.mark.parametrize("step", [FIRST_PART, SECOND_PART], ids=["first part", "second part"])
def test_loss_is_the_sum_of_its_terms(dims, step):
    method, model = built(dims, quadruplets=200, centre_weight=0.3, ranking_weight=0.1)
    data = batch_of(relabelled(split(9, 0, dims), 3))
    labels = torch.stack(list(data.labels.values()))
    torch.manual_seed(5)
    terms = method.loss(data, model, step)
    logits = torch.cat([model.logits(view, x) for view, x in data.views.items()]).detach()
    torch.manual_seed(5)
    quadruplets, valid = sample_quadruplets(labels, CLASSES, 200)
    rows = list(zip(logits.tolist(), labels.flatten().tolist(), strict=True))
    expected = {
        "classification": sum(math.log(sum(map(math.exp, row))) - row[label] for row, label in rows) / 9,
        "centres": sum(math.dist(row, model.centres[label].tolist()) ** 2 for row, label in rows) / len(rows),
        "ranking": slow_ranking(logits, quadruplets[valid].tolist(), 1.0, 0.5) if step is SECOND_PART else 0.0,
    }
    expected["total"] = expected["classification"] + 0.3 * expected["centres"] + 0.1 * expected["ranking"]
    assert {name: term.item() for name, term in terms.items()} == pytest.approx(expected, abs=1e-10)
    assert (expected["ranking"] > 0) == (step is SECOND_PART)
    terms["total"].backward()
    for weights in model.parameters():
        assert torch.isfinite(weights.grad).all()
        assert weights.grad.abs().max() > 0


@pytest.mark.parametrize(("epochs", "share", "first"), [(30, 0.5, 15), (4, 0.25, 1), (6, 0.0, 0), (6, 1.0, 6)])
def test_ranking_starts_at_its_share_of_the_run(epochs, share, first):
    method, model = built(epochs=epochs, ranking_from=share)
    data = batch_of(split(9, 0))
    ranks = [method.loss(data, model, Step(epoch, epochs, epoch, epochs))["ranking"].item() for epoch in range(epochs)]
    assert [value > 0 for value in ranks] == [epoch >= first for epoch in range(epochs)]


def test_each_weight_is_in_one_group_and_the_centres_have_their_rate():
    method, model = built(learning_rate=1e-4, centre_learning_rate=0.02, weight_decay=0.1)
    (optimiser,) = method.optimisers(model)
    groups = {group["name"]: group for group in optimiser.param_groups}
    assert [id(p) for p in groups["centres"]["params"]] == [id(model.centres)]
    assert (groups["centres"]["lr"], groups["centres"]["weight_decay"]) == (0.02, 0.0)
    assert (groups["networks"]["lr"], groups["networks"]["weight_decay"]) == (1e-4, 0.1)
    networks = {id(p) for p in model.parameters()} - {id(model.centres)}
    assert {id(p) for p in groups["networks"]["params"]} == networks


def test_layers():
    model = make("fgcrossnet", hidden=[256, 128]).build({"image": 1280, "text": 300}, 10)
    assert [type(layer).__name__ for layer in model.encoders["image"]] == ["Linear", "ReLU"]
    assert [(e[0].in_features, e[0].out_features) for e in model.encoders.values()] == [(1280, 256), (300, 256)]
    assert [type(layer).__name__ for layer in model.shared] == ["Linear", "ReLU", "Linear"]
    assert [(layer.in_features, layer.out_features) for layer in model.shared[::2]] == [(256, 128), (128, 10)]
    assert model.centres.shape == (10, 10)


def test_a_first_layer_there_must_be():
    with pytest.raises(BadParams, match="'hidden' is"):
        make("fgcrossnet", hidden=[])


def test_embeddings_are_class_probabilities_of_the_shared_classifier():
    train, test = split(40, 0), split(10, 2)
    fitted = make("fgcrossnet").fit(train, split(20, 1), run())
    model = fitted.model
    for view, z in fitted.at(LAST_EPOCH).transform(test.views).items():
        assert z.shape == (10, CLASSES)
        layer = model.encoders[view][0]
        x = torch.tensor(test.views[view])
        logits = model.shared((x @ layer.weight.T + layer.bias).relu()).detach().double().numpy()
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        np.testing.assert_allclose(z, weights / weights.sum(axis=1, keepdims=True), atol=1e-5)


def test_training_moves_the_centres_to_their_classes_and_lowers_the_ranking_loss():
    train = split(120, 0)
    fitted = make("fgcrossnet", epochs=20, learning_rate=0.01, centre_learning_rate=0.05).fit(train, None, run())
    history = fitted.history
    assert [row["loss/ranking"] > 0 for row in history[:10]] == [False] * 10
    assert history[-1]["loss/classification"] < 0.3 * history[0]["loss/classification"]
    own = centre_loss(torch.tensor(logits_of(fitted, train)), torch.tensor(labels_of(train)), fitted.model.centres)
    turned = centre_loss(
        torch.tensor(logits_of(fitted, train)), torch.tensor(labels_of(train)), fitted.model.centres.roll(1, 0)
    )
    assert own < 0.5 * turned


def logits_of(method, data):
    with torch.no_grad():
        return np.concatenate([method.model.logits(v, torch.tensor(x)).numpy() for v, x in data.views.items()])


def labels_of(data):
    return np.concatenate(list(data.labels.values()))
