"""RONO against its formulas written out sample by sample."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from pipeline.core.criteria import BEST_VALIDATION, FIXED_CHECKPOINT, LAST_EPOCH
from pipeline.core.errors import BadParams
from pipeline.learning.loop import Batch, Step
from pipeline.learning.losses.contrastive import contrastive
from pipeline.methods.rono import RONO, ImageEncoder, discriminative_centres, robust_classification
from tests.support.paired import CLASSES, CPU, DIMS, THREE, batch_of, make, run, settings, split

LABELS = torch.tensor([0, 3, 2, 2, 1, 0])
PICTURES = {"image": 36, "cloud": 8}
"""Grey pictures of 6 x 6 pixels beside vectors."""


def drawn(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def slow_classification(scores, labels, scale):
    total = 0.0
    for row, label in zip(scores.tolist(), labels.tolist(), strict=True):
        weights = [math.exp(score) for score in row]
        total += 1 - weights[label] / sum(weights)
    return scale * total / len(labels)


def slow_centres(embeddings, labels, centres, distrust, margin, scale):
    """(1 - v) L1 + v L2 with cbar = (1/K) sum_k c_k / |c_k|."""
    unit = [c / np.linalg.norm(c) for c in centres.numpy()]
    classes, mean = len(unit), sum(unit) / len(unit)
    believing = sceptical = 0.0
    for z, label in zip(embeddings.numpy(), labels.tolist(), strict=True):
        middle, own = math.exp(mean @ z), float(unit[label] @ z)
        believing += (middle - math.exp((classes + 1) / classes * own)) / len(labels) / scale
        sceptical -= abs(middle - math.exp(own) + margin) / len(labels) / scale
    return (1 - distrust) * believing + distrust * sceptical


@pytest.mark.parametrize("scale", [1.0, 5.0])
def test_classification_equals_the_formula(scale):
    scores = drawn(6, 4)
    value = robust_classification(scores, LABELS, scale)
    assert value.item() == pytest.approx(slow_classification(scores, LABELS, scale), abs=1e-12)
    assert torch.autograd.gradcheck(lambda s: robust_classification(s, LABELS, scale), [scores.requires_grad_()])


def test_classification_is_bounded_and_its_gradient_finite():
    scores = 1e4 * drawn(6, 4).requires_grad_()
    value = robust_classification(scores, LABELS, 5.0)
    (gradient,) = torch.autograd.grad(value, [scores])
    assert 0 <= value.item() <= 5
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("distrust", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(("margin", "scale"), [(0.3, 0.05), (0.1, 1.0)])
def test_centres_equal_the_formula(distrust, margin, scale):
    """Every other sample is near its centre, so that both signs within the absolute value occur."""
    centres = drawn(4, 5, seed=1)
    embeddings = F.normalize(drawn(6, 5))
    embeddings[::2] = F.normalize(centres[LABELS[::2]] + 0.1 * embeddings[::2])
    value = discriminative_centres(embeddings, LABELS, centres, distrust, margin, scale)
    expected = slow_centres(embeddings, LABELS, centres, distrust, margin, scale)
    assert value.item() == pytest.approx(expected, abs=1e-10)
    assert torch.autograd.gradcheck(
        lambda z, c: discriminative_centres(z, LABELS, c, distrust, margin, scale),
        [embeddings.requires_grad_(), centres.requires_grad_()],
    )


def test_a_badly_fitting_sample_is_pulled_at_first_and_pushed_away_later():
    centres = torch.eye(3, dtype=torch.float64)
    fits, misfits = (F.normalize(torch.tensor([row], dtype=torch.float64)) for row in ([5, 1, 1], [1, 5, 5]))
    for distrust, rows, pulled in ((0.0, fits, True), (0.0, misfits, True), (1.0, fits, True), (1.0, misfits, False)):
        z = rows.clone().requires_grad_()
        discriminative_centres(z, torch.tensor([0]), centres, distrust, 0.3, 0.05).backward()
        assert (z.grad[0, 0] < 0).item() == pulled


@pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
def test_loss_is_the_sum_of_three_terms(dims):
    given = split(8, 0, dims)
    given.labels["text"][:] = np.roll(given.labels["text"], 1)
    method, data = make("rono", epochs=50, margin=0.3, warm_up=0.5), batch_of(given)
    torch.manual_seed(0)
    model = method.build(dims, CLASSES).double().eval()
    terms = method.loss(data, model, Step(12, 50, 12, 50))
    f = {view: rows.detach() for view, rows in model(data.views).items()}
    unit = {view: rows / rows.norm(dim=1, keepdim=True) for view, rows in f.items()}
    expected = {
        "classification": sum(
            slow_classification(model.head(rows), data.labels[view], 5.0) for view, rows in f.items()
        ),
        "centres": slow_centres(
            torch.cat(list(unit.values())),
            torch.cat([data.labels[view] for view in dims]),
            model.centres.detach(),
            0.5,
            0.3,
            0.05,
        ),
        "contrastive": contrastive(list(unit.values()), 0.22).item(),
    }
    expected["total"] = sum(expected.values())
    assert {name: term.item() for name, term in terms.items()} == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("epochs", "warm_up"), [(50, 25), (30, 15)])
def test_distrust_grows_over_the_first_half_of_the_run(epochs, warm_up):
    """v = min(epoch / (T_w - 1), 1), read from the term of the centres, which is linear in it."""
    method, data = make("rono", epochs=epochs, margin=0.3, warm_up=0.5), batch_of(split(8, 0))
    model = method.build(DIMS, CLASSES).double().eval()
    unit = torch.cat([F.normalize(rows) for rows in model(data.views).values()])
    labels = torch.cat(list(data.labels.values()))
    believing, sceptical = (discriminative_centres(unit, labels, model.centres, v, 0.3, 0.05) for v in (0.0, 1.0))
    for epoch in range(epochs):
        term = method.loss(data, model, Step(epoch, epochs, epoch, epochs))["centres"]
        result = (term - believing) / (sceptical - believing)
        assert result.item() == pytest.approx(min(epoch / (warm_up - 1), 1), abs=1e-9)


@pytest.mark.parametrize(("epochs", "warm_up"), [(1, 0.5), (2, 0.5), (50, 0.0), (50, 0.02)])
def test_without_epochs_to_warm_up_in_labels_are_distrusted_at_once(epochs, warm_up):
    method, data = make("rono", epochs=epochs, warm_up=warm_up, margin=0.3), batch_of(split(8, 0))
    model = method.build(DIMS, CLASSES).double().eval()
    unit = torch.cat([F.normalize(rows) for rows in model(data.views).values()])
    expected = discriminative_centres(unit, torch.cat(list(data.labels.values())), model.centres, 1.0, 0.3, 0.05)
    assert method.loss(data, model, Step(0, epochs, 0, epochs))["centres"].item() == pytest.approx(expected.item())


@pytest.mark.parametrize("epochs", [50, 30, 10, 20, 100])
@pytest.mark.parametrize("decay", [True, False])
def test_rates_fall_to_a_tenth_three_times(epochs, decay):
    method = make("rono", epochs=epochs, network_rates_decay=decay)
    expected = [10.0 ** -sum(10 * epoch >= share * epochs for share in (3, 6, 9)) for epoch in range(epochs)]
    assert sorted({*expected}) == pytest.approx([0.001, 0.01, 0.1, 1])
    centres, networks = (
        [method.learning_rate_scale(epoch, group) for epoch in range(epochs)] for group in ("centres", "networks")
    )
    assert centres == pytest.approx(expected)
    assert networks == pytest.approx(expected if decay else [1] * epochs)


def test_the_authors_code_keeps_the_rates_of_the_networks_and_a_checkpoint():
    method = make("rono", variant="authors_code")
    assert (method.network_rates_decay, method.checkpoint) == (False, 0.8)
    assert (make("rono").network_rates_decay, make("rono").checkpoint) == (True, None)


def test_each_weight_is_in_one_group_with_its_rate_and_decay():
    method = make("rono", convolutional=["image"], learning_rate=1e-4)
    model = method.build(PICTURES, CLASSES)
    (optimiser,) = method.optimisers(model)
    groups = optimiser.param_groups
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    result = {
        names[id(p)]: (group["name"], group["lr"], group["weight_decay"]) for group in groups for p in group["params"]
    }
    assert sum(len(group["params"]) for group in groups) == len(result) == len(names)
    for name, setting in result.items():
        if name == "centres":
            assert setting == ("centres", 1e-4, 0.0)
        else:
            assert setting == ("networks", 5e-5 if name.startswith("encoders.image.") else 1e-4, 1e-5)
    assert {group["betas"] for group in groups} == {(0.9, 0.999)}


def test_the_vector_network_has_the_authors_layers():
    model = make("rono", hidden=[512], embedding=256).build({"cloud": 2048, "text": 8}, 10)
    layers = list(model.encoders["cloud"])
    assert [type(layer).__name__ for layer in layers] == [
        *("Linear", "BatchNorm1d", "ReLU", "Dropout"),
        *("Linear", "BatchNorm1d", "ReLU"),
    ]
    assert (layers[0].in_features, layers[0].out_features, layers[0].bias) == (2048, 512, None)
    assert layers[3].p == 0.4
    assert (layers[4].in_features, layers[4].out_features) == (512, 256)
    assert [(layer.in_features, layer.out_features) for layer in model.head[::2]] == [(256, 128), (128, 10)]
    assert model.centres.shape == (10, 256)


def test_the_picture_network_has_the_authors_layers():
    method = make("rono", embedding=256, convolutional=["image"])
    model = method.build({"image": 784, "cloud": 2048}, 10)
    encoder = model.encoders["image"]
    shapes = [tuple(weights.shape) for weights in encoder.parameters() if weights.ndim > 1]
    assert shapes == [(96, 1, 3, 3), (64, 96, 3, 3), (1024, 3136), (512, 1024), (256, 512)]
    model.eval()
    z = model({"image": torch.rand(2, 784), "cloud": torch.rand(2, 2048)})
    assert {view: rows.shape for view, rows in z.items()} == {"image": (2, 256), "cloud": (2, 256)}


@pytest.mark.parametrize("side", [4, 6, 7, 12])
def test_the_picture_network_is_convolution_relu_and_pooling(side):
    torch.manual_seed(0)
    encoder, x = ImageEncoder(side, 8), torch.randn(3, side * side)
    first, second = encoder.features[0], encoder.features[3]
    maps = x.view(3, 1, side, side)
    for layer in (first, second):
        maps = F.max_pool2d(F.conv2d(maps, layer.weight, layer.bias, padding=1).relu(), 2)
    for layer in encoder.layers[:-1:2]:
        maps = F.linear(maps.flatten(1), layer.weight, layer.bias).relu()
    last = encoder.layers[-1]
    torch.testing.assert_close(encoder(x), F.linear(maps, last.weight, last.bias))


@pytest.mark.parametrize("width", [8, 35, 37, 9, 1])
def test_only_square_pictures_fit_the_picture_network(width):
    method = make("rono", convolutional=["image"])
    with pytest.raises(BadParams, match=f"view 'image' has {width} features, which make no square picture"):
        method.build({"image": width, "cloud": 8}, CLASSES)


def test_views_of_different_kinds_mix():
    train, valid, test = split(40, 0, PICTURES), split(20, 1, PICTURES), split(10, 2, PICTURES)
    fitted = make("rono", convolutional=["image"]).fit(train, valid, run())
    embeddings = fitted.at(LAST_EPOCH).transform(test.views)
    assert {view: z.shape for view, z in embeddings.items()} == dict.fromkeys(PICTURES, (10, 8))
    assert embeddings["cloud"].min() >= 0
    assert embeddings["image"].min() < 0
    again = make("rono", convolutional=["image"]).fit(train, valid, run()).at(LAST_EPOCH).transform(test.views)
    for view, z in embeddings.items():
        np.testing.assert_array_equal(again[view], z)


def test_three_views_from_fit_to_transform():
    fitted = make("rono").fit(split(40, 0, THREE), split(20, 1, THREE), run())
    embeddings = fitted.at(LAST_EPOCH).transform(split(10, 2, THREE).views)
    assert {view: z.shape for view, z in embeddings.items()} == dict.fromkeys(THREE, (10, 8))


def test_the_checkpoint_of_50_epochs_is_the_state_after_epoch_40():
    states = []

    class Watched(RONO):
        def finish(self, model, data):
            states.append({name: tensor.clone() for name, tensor in model.state_dict().items()})

    method = Watched(**settings("rono", "authors_code", epochs=50, batch_size=20))
    fitted = method.fit(split(20, 0), split(10, 1), run())
    assert fitted.states == (BEST_VALIDATION, FIXED_CHECKPOINT, LAST_EPOCH)
    assert len(states) == 50
    for criterion, epoch in ((FIXED_CHECKPOINT, 40), (LAST_EPOCH, 50)):
        kept = fitted.at(criterion).model.state_dict()
        assert all(torch.equal(kept[name], tensor) for name, tensor in states[epoch - 1].items())
    assert not torch.equal(states[38]["centres"], states[39]["centres"])
    assert not torch.equal(states[39]["head.0.weight"], states[40]["head.0.weight"])


def test_embeddings_do_not_depend_on_the_batch():
    """Batch norm uses what it learned, dropout is off, in every state that was kept."""
    fitted = make("rono", variant="authors_code").fit(split(40, 0), split(20, 1), run())
    test = split(12, 2)
    for criterion in fitted.states:
        embedder = fitted.at(criterion)
        whole = embedder.transform(test.views)
        for view, z in whole.items():
            parts = [embedder.transform({view: x})[view] for x in np.split(test.views[view], [1, 5])]
            np.testing.assert_allclose(np.concatenate(parts), z, rtol=1e-5, atol=1e-6)
            np.testing.assert_array_equal(embedder.transform({view: test.views[view]})[view], z)
            assert z.min() >= 0


def test_batch_norm_learns_from_training_batches_alone():
    train = split(40, 0)
    one, other = make("rono").fit(train, split(20, 1), run()), make("rono").fit(train, None, run())
    states = [fitted.model.state_dict() for fitted in (one.at(LAST_EPOCH), other)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert states[0]["encoders.text.1.num_batches_tracked"].item() == 2 * 3


def test_a_last_sample_alone_joins_the_batch_before_it():
    """Batch norm cannot train on one sample."""
    fitted = make("rono").fit(split(33, 0), None, run())
    assert np.isfinite(fitted.at(LAST_EPOCH).transform(split(5, 1).views)["text"]).all()
    model = fitted.model.train()
    with pytest.raises(ValueError, match="more than 1 value"):
        model(Batch.of(split(1, 0), CPU).views)


def test_a_convolutional_view_that_the_data_lacks_is_named():
    with pytest.raises(BadParams, match="did you mean 'image'"):
        make("rono", convolutional=["imgae"]).build({"image": 36, "cloud": 8}, 3)
