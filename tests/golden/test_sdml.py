"""SDML's networks and losses against values that the authors' code gives, with x as it is and scaled to norm 1."""

import pytest
import torch

from pipeline.learning.loop import Step
from pipeline.learning.losses.distances import mean_distance
from pipeline.methods.sdml import SDML, SDMLNetwork
from tests.support.golden import assert_agrees, batch, give_weights, load

GOLDEN = load("sdml")
VIEWS = ("image", "text")
X = {view: GOLDEN[f"x_{view}"] for view in VIEWS}
LABELS = {view: GOLDEN[f"labels_{view}"] for view in VIEWS}
EMBEDDING, CLASSES = GOLDEN["w"].shape
HIDDEN = [len(GOLDEN["encoder_image_0_bias"])] * 2


def network():
    """The network with the stored weights, and its layers by the names they have in the file."""
    model = SDMLNetwork({view: x.shape[1] for view, x in X.items()}, CLASSES, HIDDEN, EMBEDDING)
    model.prototypes = GOLDEN["w"].clone()
    layers = {}
    for view in VIEWS:
        for kind, parts in (("encoder", model.encoders[view]), ("decoder", model.decoders[view])):
            layers |= {f"{kind}_{view}_{number}": layer for number, layer in enumerate(parts[::2])}
    give_weights(layers, GOLDEN)
    return model, layers


@pytest.mark.parametrize("view", VIEWS)
def test_network(view):
    model, _ = network()
    z = model.encode(view, X[view]).detach()
    assert_agrees(z, GOLDEN[f"embeddings_{view}"])
    assert_agrees(model.class_scores(z), GOLDEN[f"scores_{view}"])
    assert_agrees(model.decode(view, z).detach(), GOLDEN[f"decoded_{view}"])


@pytest.mark.parametrize("view", VIEWS)
def test_terms(view):
    decoded, unit = GOLDEN[f"decoded_{view}"], X[view] / X[view].norm(dim=1, keepdim=True)
    assert_agrees(mean_distance(decoded, X[view]), GOLDEN[f"reconstruction_{view}"][0])
    assert_agrees(mean_distance(decoded, unit), GOLDEN[f"reconstruction_{view}"][1])
    label = mean_distance(GOLDEN[f"scores_{view}"], torch.eye(CLASSES)[LABELS[view]])
    assert_agrees(label, GOLDEN[f"label_loss_{view}"])


def test_the_first_weight_is_the_default():
    assert SDML.alpha == GOLDEN["alpha"][0].item()


@pytest.mark.parametrize("position", range(len(GOLDEN["alpha"])))
@pytest.mark.parametrize(("target", "raw"), [(0, True), (1, False)])
def test_total_and_gradients(target, raw, position):
    alpha = GOLDEN["alpha"][position].item()
    settings = {"hidden": HIDDEN, "embedding": EMBEDDING, "alpha": alpha, "raw_target": raw}
    method = SDML(epochs=1, batch_size=8, learning_rate=1e-4, **settings)
    model, layers = network()
    drawn = batch(X, LABELS)
    terms = method.loss(drawn, model, Step(0, 1, 0, 1))
    assert_agrees(terms["total"].detach(), GOLDEN["total"][target, position])
    terms["total"].backward()
    for view in VIEWS:
        assert_agrees(terms[f"reconstruction_{view}"].detach(), GOLDEN[f"reconstruction_{view}"][target])
        assert_agrees(terms[f"labels_{view}"].detach(), GOLDEN[f"label_loss_{view}"])
        assert_agrees(drawn.views[view].grad, GOLDEN[f"gradient_x_{view}"][target, position])
    for name, layer in layers.items():
        assert_agrees(layer.weight.grad, GOLDEN[f"gradient_{name}_weight"][target, position])
        assert_agrees(layer.bias.grad, GOLDEN[f"gradient_{name}_bias"][target, position])
