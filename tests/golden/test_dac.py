"""DAC's losses, division and corrected labels against values that the authors' code gives over successive epochs."""

import pytest
import torch
from torch import nn

from pipeline.learning.loop import Step
from pipeline.methods.dac import DAC, THRESHOLD, DACNetwork, clean_probability, joint_loss
from tests.support.golden import assert_agrees, batch, give_weights, load

GOLDEN = load("dac")
VIEWS = ("image", "cloud")
LABELS = dict.fromkeys(VIEWS, GOLDEN["labels"])
EPOCHS, WARM_UP = 400, 4


def network():
    """Features go through; the heads and centres are those stored."""
    classes, size = GOLDEN["centres"].shape
    model = DACNetwork({view: nn.Identity() for view in VIEWS}, classes, size)
    layers = {f"{name}_{i}": getattr(model, name)[i] for name in ("head", "joint_head") for i in (0, 2)}
    give_weights(layers, GOLDEN)
    model.centres = nn.Parameter(GOLDEN["centres"].clone())
    return model, layers


@pytest.fixture
def method():
    method = DAC(
        epochs=EPOCHS,
        batch_size=9,
        learning_rate=1e-3,
        hidden=[8],
        embedding=8,
        warm_up=WARM_UP / EPOCHS,
        centre_weight=GOLDEN["centre_weight"].item(),
        instance_weight=GOLDEN["instance_weight"].item(),
        temperature=GOLDEN["temperature"].item(),
        beta=GOLDEN["beta"].item(),
    )
    model, _ = network()
    method.before_training(model, batch({view: GOLDEN[f"features_{view}"] for view in VIEWS}, LABELS), None)
    method.predictions_ = method.predictions_.double()
    method.clean_ = dict.fromkeys(VIEWS, GOLDEN["clean"])
    return method


def check(method, epoch, scale, total, tag):
    model, layers = network()
    drawn = batch({view: scale * GOLDEN[f"features_{view}"] for view in VIEWS}, LABELS)
    ours = torch.stack(list(method.loss(drawn, model, Step(epoch, EPOCHS, epoch, EPOCHS)).values())).sum()
    ours.backward()
    assert_agrees(ours.detach(), total)
    for view in VIEWS:
        assert_agrees(drawn.views[view].grad, GOLDEN[f"gradient_{tag}_features_{view}"])
    assert_agrees(model.centres.grad, GOLDEN[f"gradient_{tag}_centres"])
    for name, layer in layers.items():
        assert_agrees(layer.weight.grad, GOLDEN[f"gradient_{tag}_{name}_weight"])
        assert_agrees(layer.bias.grad, GOLDEN[f"gradient_{tag}_{name}_bias"])


def test_warm_up(method):
    check(method, 0, 1.0, GOLDEN["warm_up"], "warm_up")


def test_divided_epochs(method):
    """The features of every epoch are scaled, so that the predictions move."""
    for position, scale in enumerate(GOLDEN["scales"].tolist()):
        check(method, WARM_UP + position, scale, GOLDEN["total"][position], f"epoch_{position}")
        assert_agrees(method.predictions_, GOLDEN["predictions"][position])


def test_division():
    scores = {view: GOLDEN[f"scores_{view}"] for view in VIEWS}
    losses = joint_loss(scores, GOLDEN["scores_joint"], GOLDEN["division_labels"])
    assert_agrees(losses, GOLDEN["joint_losses"])
    probability = torch.from_numpy(clean_probability(losses.numpy(), seed=3))
    assert_agrees(probability, GOLDEN["clean_probability"])
    assert 0 < (probability > THRESHOLD).sum() < len(probability)
