"""RONO's losses against values that the authors' code gives before, at and after the end of the warm-up."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from pipeline.learning.loop import Step
from pipeline.learning.losses.contrastive import contrastive
from pipeline.methods.rono import RONO, RONONetwork, discriminative_centres, robust_classification
from tests.support.golden import assert_agrees, batch, load

GOLDEN = load("rono")
VIEWS = ("image", "cloud")
FEATURES = {view: GOLDEN[f"features_{view}"] for view in VIEWS}
UNIT = [F.normalize(f) for f in FEATURES.values()]
TWICE = GOLDEN["labels"].repeat(2)
EPOCHS = 50
at_each_epoch = pytest.mark.parametrize(("position", "epoch"), list(enumerate(GOLDEN["epochs"].tolist())))


def network():
    """Features go through; the head is one matrix, the centres are those stored."""
    size, classes = GOLDEN["head"].shape
    model = RONONetwork({view: nn.Identity() for view in VIEWS}, classes, size)
    model.head = nn.Linear(size, classes, bias=False, dtype=torch.float64)
    model.head.weight = nn.Parameter(GOLDEN["head"].T.clone())
    model.centres = nn.Parameter(GOLDEN["centres"].clone())
    return model


@pytest.mark.parametrize("view", VIEWS)
def test_classification(view):
    ours = robust_classification(GOLDEN[f"logits_{view}"], GOLDEN["labels"], GOLDEN["scale_mae"].item())
    assert_agrees(ours, GOLDEN[f"mae_{view}"])


def test_contrast():
    ours = contrastive(UNIT, GOLDEN["temperature"].item())
    assert_agrees(ours, GOLDEN["multimodal_gap"])


@at_each_epoch
def test_centres(position, epoch):
    distrust = min(epoch / (GOLDEN["warm_up"].item() - 1), 1.0)
    margin, scale = GOLDEN["alpha"].item(), GOLDEN["scale_rdc"].item()
    ours = discriminative_centres(torch.cat(UNIT), TWICE, GOLDEN["centres"], distrust, margin, scale)
    assert_agrees(ours, GOLDEN["rdc"][position])


@at_each_epoch
def test_total_at_the_default_constants(position, epoch):
    method = RONO(
        epochs=EPOCHS,
        batch_size=8,
        learning_rate=1e-4,
        hidden=[8],
        embedding=8,
        warm_up=GOLDEN["warm_up"].item() / EPOCHS,
    )
    model = network()
    drawn = batch(FEATURES, dict.fromkeys(VIEWS, GOLDEN["labels"]))
    total = method.loss(drawn, model, Step(epoch, EPOCHS, 40 * epoch, 40 * EPOCHS))["total"]
    assert_agrees(total.detach(), GOLDEN["total"][position])
    if epoch not in GOLDEN["gradient_epochs"].tolist():
        return
    total.backward()
    stored = GOLDEN["gradient_epochs"].tolist().index(epoch)
    for view in VIEWS:
        assert_agrees(drawn.views[view].grad, GOLDEN[f"gradient_features_{view}"][stored])
    assert_agrees(model.centres.grad, GOLDEN["gradient_centres"][stored])
    assert_agrees(model.head.weight.grad.T, GOLDEN["gradient_head"][stored])


def test_both_signs_of_the_distance_to_the_margin_occur():
    """The absolute value of L_rdc is what tells trusted from distrusted samples."""
    centres = F.normalize(GOLDEN["centres"])
    own = (torch.cat(UNIT) * centres[TWICE]).sum(1).exp()
    beyond = own - (torch.cat(UNIT) @ centres.mean(0)).exp() > GOLDEN["alpha"]
    assert 0 < beyond.sum() < len(beyond)
