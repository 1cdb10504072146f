"""Co-teaching's losses against values that the authors' code gives, times the samples that it divides by once more."""

import pytest
import torch

from pipeline.methods.co_teaching import co_teaching
from tests.support.golden import assert_agrees, load

GOLDEN = load("co_teaching")


@pytest.mark.parametrize(("position", "forget_rate"), list(enumerate(GOLDEN["forget_rates"].tolist())))
def test_losses_and_their_gradients(position, forget_rate):
    kept = int((1 - forget_rate) * 11)
    one, other = (GOLDEN[f"scores_{network}"].clone().requires_grad_() for network in ("one", "other"))
    losses = torch.stack(co_teaching(one, other, GOLDEN["labels"], forget_rate))
    assert_agrees(losses.detach(), kept * GOLDEN["losses"][position])
    losses.sum().backward()
    for network, scores in (("one", one), ("other", other)):
        assert_agrees(scores.grad, kept * GOLDEN[f"gradient_scores_{network}"][position])
