"""Forward correction against values that the authors' code gives."""

import pytest

from pipeline.methods.base.transitions import confident_transition
from pipeline.methods.forward import forward_corrected
from tests.support.golden import assert_agrees, load

GOLDEN = load("forward")


@pytest.mark.parametrize("position", range(3), ids=["identity", "symmetric", "free"])
def test_loss_and_its_gradient(position):
    scores = GOLDEN["scores"].clone().requires_grad_()
    loss = forward_corrected(scores, GOLDEN["labels"], GOLDEN["transitions"][position])
    assert_agrees(loss.detach(), GOLDEN["loss"][position])
    loss.backward()
    assert_agrees(scores.grad, GOLDEN["gradient_scores"][position])


def test_transition_of_confident_samples():
    assert_agrees(confident_transition(GOLDEN["probabilities"]), GOLDEN["transition_estimated"])
