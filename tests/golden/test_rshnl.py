"""RSHNL's losses and networks against values that the authors' code gives before and after the warm-up."""

import pytest
import torch

from pipeline.learning.loop import Step
from pipeline.learning.losses.q_contrast import q_contrast
from pipeline.methods.rshnl import RSHNL, RSHNLNetwork
from tests.support.golden import Given, assert_agrees, batch, give_weights, load

GOLDEN = load("rshnl")
VIEWS = ("image", "text")
EMBEDDINGS = {view: GOLDEN[f"embeddings_{view}"] for view in VIEWS}
EPOCHS, WARM_UP = 10, 5
PAIRS = list(enumerate(zip(GOLDEN["q"].tolist(), GOLDEN["temperatures"].tolist(), strict=True)))
at_each_pair = pytest.mark.parametrize(("position", "pair"), PAIRS)


@at_each_pair
def test_contrast(position, pair):
    q, temperature = pair
    ours = q_contrast(list(EMBEDDINGS.values()), temperature, q)
    assert_agrees(ours, GOLDEN["contrastive"][position])


@at_each_pair
@pytest.mark.parametrize(("phase", "epoch"), [(0, WARM_UP - 1), (1, WARM_UP)])
def test_total_and_its_gradients(position, pair, phase, epoch):
    q, temperature = pair
    method = RSHNL(
        epochs=EPOCHS,
        batch_size=7,
        learning_rate=1e-4,
        hidden=[6],
        embedding=16,
        alpha=GOLDEN["alpha"].item(),
        gamma=GOLDEN["gamma"].item(),
        warm_up=WARM_UP / EPOCHS,
        q=q,
        temperature=temperature,
    )
    model = Given(GOLDEN["codes"].T)
    drawn = batch(EMBEDDINGS, dict.fromkeys(VIEWS, GOLDEN["labels"]))
    total = method.loss(drawn, model, Step(epoch, EPOCHS, epoch, EPOCHS))["total"]
    total.backward()
    assert_agrees(total.detach(), GOLDEN["total"][position, phase])
    for view in VIEWS:
        assert_agrees(drawn.views[view].grad, GOLDEN[f"gradient_embeddings_{view}"][position, phase])
    assert_agrees(model.prototypes.grad.T, GOLDEN["gradient_codes"][position, phase])


def test_networks():
    hidden, size = GOLDEN["encoder_fc1_bias"].shape[0], GOLDEN["codes"].shape[1]
    model = RSHNLNetwork({"image": GOLDEN["x"].shape[1]}, len(GOLDEN["codes"]), [hidden, hidden], size).double()
    centres, encoder = model.centres, model.encoders["image"]
    give_weights({f"centres_fc{i}": centres[layer] for i, layer in ((1, 0), (2, 2), (3, 4))}, GOLDEN)
    give_weights({f"encoder_fc{i}": encoder[layer] for i, layer in ((1, 0), (2, 2))}, GOLDEN)
    encoder[4].weight = torch.nn.Parameter(GOLDEN["encoder_fc3_weight"])
    assert encoder[4].bias is None
    z = model.encode("image", GOLDEN["x"])
    assert_agrees(z, GOLDEN["network_embeddings"])
    assert_agrees(model.class_scores(z), GOLDEN["network_embeddings"] @ GOLDEN["network_codes"].T)


def test_some_labels_are_too_hard_to_count():
    assert 0 < (GOLDEN["weights"] == 0).sum() < GOLDEN["weights"].numel()
