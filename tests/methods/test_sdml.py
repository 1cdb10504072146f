"""SDML against its formulas written out sample by sample."""

import math

import numpy as np
import pytest
import torch

from pipeline.core.criteria import LAST_EPOCH
from pipeline.core.errors import BadParams
from pipeline.learning.loop import Batch, Step
from tests.support.paired import CLASSES, CPU, DIMS, THREE, batch_of, make, project, run, split

STEP = Step(0, 1, 0, 1)


def slow_mean_distance(result, target):
    rows = zip(result.tolist(), target.tolist(), strict=True)
    return np.mean([math.sqrt(sum((a - b) ** 2 for a, b in zip(row, other, strict=True))) for row, other in rows])


def unit(rows):
    return rows / rows.square().sum(dim=1, keepdim=True).sqrt()


def through(layers, x):
    for layer in layers[:-1:2]:
        x = (x @ layer.weight.T + layer.bias).clamp_min(0)
    return unit(x @ layers[-1].weight.T + layers[-1].bias)


@pytest.mark.parametrize("raw_target", [False, True])
@pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
def test_loss_equals_the_formulas(dims, raw_target):
    data = split(8, 0, dims)
    data.labels["text"][:] = np.roll(data.labels["text"], 1)
    method, batch = make("sdml", raw_target=raw_target, alpha=0.3, hidden=[16, 10]), batch_of(data)
    torch.manual_seed(0)
    model = method.build(dims, CLASSES).double()
    terms = method.loss(batch, model, STEP)
    expected = {"total": 0.0}
    for view, x in batch.views.items():
        z = through(model.encoders[view], x)
        decoded = through(model.decoders[view], z)
        reconstruction = slow_mean_distance(decoded, x if raw_target else unit(x))
        label = slow_mean_distance(z @ model.prototypes, np.eye(CLASSES)[data.labels[view]])
        expected |= {f"reconstruction_{view}": reconstruction, f"labels_{view}": label}
        expected["total"] += 0.3 * reconstruction + 0.7 * label
    assert {name: term.item() for name, term in terms.items()} == pytest.approx(expected, abs=1e-10)


def test_the_common_space_is_fixed_and_orthonormal_and_drawn_with_the_run():
    train = split(30, 0)
    drawn = {}
    for seed in (0, 0, 1):
        fitted = make("sdml").fit(train, None, run(seed))
        w = fitted.model.prototypes
        torch.testing.assert_close(w.T @ w, torch.eye(CLASSES))
        assert not w.requires_grad
        assert torch.equal(fitted.weights[LAST_EPOCH]["prototypes"], w)
        assert torch.equal(drawn.setdefault(seed, w), w)
    assert not torch.equal(drawn[0], drawn[1])


def test_training_leaves_the_common_space_as_it_was():
    kept = []
    for epochs in (1, 3):
        kept.append(make("sdml", epochs=epochs).fit(split(30, 0), None, run()).model.prototypes)
    assert torch.equal(*kept)


def test_more_classes_than_columns_are_refused():
    with pytest.raises(BadParams, match="9 classes do not fit into 8 orthogonal columns"):
        make("sdml", embedding=8).build(DIMS, 9)


def test_embeddings_and_decoded_rows_have_norm_1():
    model = make("sdml").build(DIMS, CLASSES)
    for view, z in model(Batch.of(split(9, 0), CPU).views).items():
        decoded = model.decode(view, z)
        assert decoded.shape == (9, DIMS[view])
        for rows in (z, decoded):
            torch.testing.assert_close(rows.norm(dim=1), torch.ones(9))
        torch.testing.assert_close(model.class_scores(z), z @ model.prototypes)


def test_the_network_has_the_authors_layers():
    model = make("sdml", hidden=[1024, 1024], embedding=512).build({"image": 4096, "text": 300}, 10)
    for part, ends in (("encoders", ("text", 300, 512)), ("decoders", ("text", 512, 300))):
        view, inputs, outputs = ends
        layers = getattr(model, part)[view]
        assert [type(layer).__name__ for layer in layers] == ["Linear", "ReLU", "Linear", "ReLU", "Linear"]
        shapes = [(layer.in_features, layer.out_features) for layer in layers[::2]]
        assert shapes == [(inputs, 1024), (1024, 1024), (1024, outputs)]
    assert model.prototypes.shape == (512, 10)


def test_the_first_view_has_half_the_rate_of_the_others():
    method = make("sdml", learning_rate=1e-4)
    model = method.build(THREE, CLASSES)
    (optimiser,) = method.optimisers(model)
    groups = optimiser.param_groups
    assert {group["name"]: group["lr"] for group in groups} == {"image": 1e-4, "text": 2e-4, "cloud": 2e-4}
    assert sum(len(group["params"]) for group in groups) == len(list(model.parameters()))
    assert [method.learning_rate_scale(epoch, "text") for epoch in range(30)] == [1] * 30
    assert method.betas == (0.5, 0.999)


def test_the_published_settings():
    published = {"epochs": 200, "batch_size": 100, "learning_rate": 1e-4, "hidden": [1024, 1024], "embedding": 512}
    assert project().settings("sdml", "default", "mnist3d_rono") == published | {"raw_target": True}
    assert make("sdml", dataset="mnist3d_rono").alpha == 0.5


def test_the_length_of_a_feature_vector_matters_to_the_raw_target_alone():
    """Long x leave the raw target's term where it is, whatever is decoded; scaled to norm 1 they stay comparable."""
    data = split(8, 0)
    model = make("sdml").build(DIMS, CLASSES).double()
    for raw_target in (False, True):
        batch = batch_of(data)
        method, z = make("sdml", raw_target=raw_target), model(batch.views)
        model.encode = lambda view, x, z=z: z[view]
        short = method.loss(batch, model, STEP)["reconstruction_text"]
        long = Batch({view: 100 * x for view, x in batch.views.items()}, batch.labels, batch.index)
        ratio = (method.loss(long, model, STEP)["reconstruction_text"] / short).item()
        assert ratio > 50 if raw_target else ratio == pytest.approx(1)
        del model.encode


def test_views_are_trained_apart():
    """Other texts and other labels of texts leave the image network as it is."""
    train = split(30, 0)
    before = make("sdml").fit(train, None, run()).at(LAST_EPOCH).transform(train.views)
    train.views["text"][:] = train.views["text"][::-1].copy()
    train.labels["text"][:] = 0
    after = make("sdml").fit(train, None, run()).at(LAST_EPOCH).transform(train.views)
    np.testing.assert_array_equal(after["image"], before["image"])
    assert not np.array_equal(after["text"], before["text"])
