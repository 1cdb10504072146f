"""DSCMR's network and losses against values that the authors' code gives, at the default weights and at larger ones."""

import pytest

from pipeline.learning.loop import Step
from pipeline.learning.losses.distances import label_distance, mean_distance
from pipeline.methods.dscmr import DSCMR, DSCMRNetwork, similarity_likelihood
from tests.support.golden import assert_agrees, batch, give_weights, load

GOLDEN = load("dscmr")
VIEWS = ("image", "text")
Z = {view: GOLDEN[f"embeddings_{view}"] for view in VIEWS}
LABELS = {view: GOLDEN[f"labels_{view}"] for view in VIEWS}
WIDTHS = {"hidden": [len(GOLDEN["image_bias"])], "embedding": len(GOLDEN["shared_bias"])}


def network():
    """The network with the stored weights, and its layers by the names they have in the file."""
    model = DSCMRNetwork(
        {view: GOLDEN[f"x_{view}"].shape[1] for view in VIEWS}, len(GOLDEN["classifier_bias"]), **WIDTHS
    )
    layers = {view: model.encoders[view][0] for view in VIEWS}
    layers |= {"shared": model.common, "classifier": model.classifier}
    give_weights(layers, GOLDEN)
    return model, layers


@pytest.mark.parametrize("view", VIEWS)
def test_network(view):
    model, _ = network()
    assert_agrees(model.encode(view, GOLDEN[f"x_{view}"]).detach(), Z[view])
    assert_agrees(model.class_scores(Z[view]).detach(), GOLDEN[f"scores_{view}"])


def test_terms():
    assert_agrees(sum(label_distance(GOLDEN[f"scores_{view}"], LABELS[view]) for view in VIEWS), GOLDEN["j1"])
    joined = [("image", "image"), ("image", "text"), ("text", "text")]
    assert_agrees(sum(similarity_likelihood(Z[a], Z[b], LABELS[a], LABELS[b]) for a, b in joined), GOLDEN["j2"])
    assert_agrees(mean_distance(*Z.values()), GOLDEN["j3"])


def test_the_first_weights_are_the_defaults():
    assert (DSCMR.alpha, DSCMR.beta) == (GOLDEN["alpha"][0].item(), GOLDEN["beta"][0].item())


@pytest.mark.parametrize("position", range(len(GOLDEN["alpha"])))
def test_total_and_gradients(position):
    weights = {name: GOLDEN[name][position].item() for name in ("alpha", "beta")}
    method = DSCMR(epochs=1, batch_size=8, learning_rate=1e-4, **WIDTHS, **weights)
    model, layers = network()
    drawn = batch({view: GOLDEN[f"x_{view}"] for view in VIEWS}, LABELS)
    total = method.loss(drawn, model, Step(0, 1, 0, 1))["total"]
    assert_agrees(total.detach(), GOLDEN["total"][position])
    total.backward()
    for view in VIEWS:
        assert_agrees(drawn.views[view].grad, GOLDEN[f"gradient_x_{view}"][position])
    for name, layer in layers.items():
        assert_agrees(layer.weight.grad, GOLDEN[f"gradient_{name}_weight"][position])
        assert_agrees(layer.bias.grad, GOLDEN[f"gradient_{name}_bias"][position])


def test_pairs_with_equal_and_with_different_labels_occur():
    agree = LABELS["image"] == LABELS["text"]
    assert 0 < agree.sum() < len(agree)
