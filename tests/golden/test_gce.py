"""GCE's loss against values that public code gives."""

import pytest

from pipeline.methods.gce import generalised_cross_entropy
from tests.support.golden import assert_agrees, load

GOLDEN = load("gce")


@pytest.mark.parametrize(("position", "q"), list(enumerate(GOLDEN["q"].tolist())))
def test_loss_and_its_gradient(position, q):
    scores = GOLDEN["scores"].clone().requires_grad_()
    loss = generalised_cross_entropy(scores, GOLDEN["labels"], q)
    assert_agrees(loss.detach(), GOLDEN["loss"][position])
    loss.backward()
    assert_agrees(scores.grad, GOLDEN["gradient_scores"][position])
