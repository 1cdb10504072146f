"""DSCMR against its formulas written out sample by sample."""

import math

import numpy as np
import pytest
import torch

from pipeline.core.criteria import LAST_EPOCH
from pipeline.core.errors import BadParams
from pipeline.learning.loop import Step
from pipeline.methods.dscmr import similarity_likelihood
from tests.support.paired import CLASSES, DIMS, THREE, batch_of, make, project, run, split

STEP = Step(0, 1, 0, 1)


def drawn(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def slow_label_distance(scores, labels):
    rows = zip(scores.tolist(), labels.tolist(), strict=True)
    return np.mean([math.sqrt(sum((p - (k == y)) ** 2 for k, p in enumerate(row))) for row, y in rows])


def slow_similarity(first, second, first_labels, second_labels):
    total = 0.0
    for u, y in zip(first.numpy(), first_labels.tolist(), strict=True):
        for v, other in zip(second.numpy(), second_labels.tolist(), strict=True):
            half = u @ v / np.linalg.norm(u) / np.linalg.norm(v) / 2
            total += math.log(1 + math.exp(half)) - (half if y == other else 0)
    return total / len(first) / len(second)


def slow_mean_distance(first, second):
    return np.mean([np.linalg.norm(u - v) for u, v in zip(first.numpy(), second.numpy(), strict=True)])


@pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
def test_loss_equals_the_formulas(dims):
    data = split(8, 0, dims)
    data.labels["text"][:] = np.roll(data.labels["text"], 1)
    method, batch = make("dscmr", alpha=0.5, beta=0.7), batch_of(data)
    torch.manual_seed(0)
    model = method.build(dims, CLASSES).double()
    terms = method.loss(batch, model, STEP)
    z = {view: rows.detach() for view, rows in model(batch.views).items()}
    names, y = list(dims), batch.labels
    expected = {
        "labels": sum(slow_label_distance(model.class_scores(z[view]), y[view]) for view in names),
        "similarity": sum(slow_similarity(z[a], z[b], y[a], y[b]) for i, a in enumerate(names) for b in names[i:]),
        "pairs": sum(slow_mean_distance(z[a], z[b]) for i, a in enumerate(names) for b in names[i + 1 :]),
    }
    expected["total"] = expected["labels"] + 0.5 * expected["similarity"] + 0.7 * expected["pairs"]
    assert {name: term.item() for name, term in terms.items()} == pytest.approx(expected, abs=1e-10)


def test_gradients_are_those_of_the_formulas():
    u, v = drawn(6, 5).requires_grad_(), drawn(6, 5, seed=1).requires_grad_()
    y, other = torch.tensor([0, 3, 2, 2, 1, 0]), torch.tensor([0, 1, 2, 3, 1, 1])
    assert torch.autograd.gradcheck(lambda a, b: similarity_likelihood(a, b, y, other), [u, v])


def test_same_labels_attract_and_different_ones_repel():
    for label, closer in ((0, True), (1, False)):
        u = torch.tensor([[1.0, 0.0]], requires_grad=True)
        similarity_likelihood(u, torch.tensor([[0.0, 1.0]]), torch.tensor([0]), torch.tensor([label])).backward()
        assert (u.grad[0, 1] < 0).item() == closer


def test_the_network_has_the_authors_layers():
    model = make("dscmr", hidden=[2048], embedding=1024).build({"image": 4096, "text": 300}, 10)
    assert [type(layer).__name__ for layer in model.encoders["text"]] == ["Linear", "ReLU"]
    shapes = {name: tuple(weights.shape) for name, weights in model.named_parameters() if weights.ndim > 1}
    assert shapes == {
        "encoders.image.0.weight": (2048, 4096),
        "encoders.text.0.weight": (2048, 300),
        "common.weight": (1024, 2048),
        "classifier.weight": (10, 1024),
    }


def test_embeddings_are_linear_in_the_hidden_layer_and_class_scores_in_them():
    model = make("dscmr").build(DIMS, CLASSES)
    x = batch_of(split(9, 0)).views["text"].float()
    layer = model.encoders["text"][0]
    z = (x @ layer.weight.T + layer.bias).clamp_min(0) @ model.common.weight.T + model.common.bias
    torch.testing.assert_close(model.encode("text", x), z)
    torch.testing.assert_close(model.class_scores(z), z @ model.classifier.weight.T + model.classifier.bias)


def test_the_settings_are_the_authors():
    method = make("dscmr", dataset="mnist3d_rono")
    assert (method.alpha, method.beta, method.betas, method.weight_decay) == (1e-3, 1e-1, (0.5, 0.999), 0)
    assert [method.learning_rate_scale(epoch, "all") for epoch in range(30)] == [1] * 30
    published = project().settings("dscmr", "default", "mnist3d_rono")
    assert published == {"epochs": 500, "batch_size": 100, "learning_rate": 1e-4, "hidden": [2048], "embedding": 1024}


def test_a_network_without_hidden_layers_is_refused():
    with pytest.raises(BadParams, match="'hidden' is "):
        make("dscmr", hidden=[])


def test_other_texts_change_the_image_network():
    train = split(30, 0)
    before = make("dscmr").fit(train, None, run()).at(LAST_EPOCH).transform(train.views)["image"]
    train.views["text"][:] = train.views["text"][::-1].copy()
    assert not np.array_equal(
        make("dscmr").fit(train, None, run()).at(LAST_EPOCH).transform(train.views)["image"], before
    )
