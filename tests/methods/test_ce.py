"""CE against cross-entropy written by hand."""

import math

import numpy as np
import pytest
import torch

from pipeline.learning.loop import Step
from pipeline.methods.ce import CE
from tests.support.paired import CLASSES, DIMS, THREE, batch_of, make, run, settings, split


@pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
def test_loss_is_cross_entropy_on_cosines(dims):
    data = split(7, 0, dims)
    data.labels["text"][:] = np.roll(data.labels["text"], 1)
    method = make("ce")
    torch.manual_seed(0)
    model = method.build(dims, CLASSES).double()
    model.normalise_prototypes()
    batch = batch_of(data)
    terms = method.loss(batch, model, Step(0, 1, 0, 1))
    prototypes = model.prototypes.detach().numpy()
    expected = {}
    for view, x in batch.views.items():
        rows = model.encode(view, x).detach().numpy()
        losses = []
        for z, label in zip(rows, data.labels[view], strict=True):
            cosines = [float(z @ c / np.linalg.norm(z) / np.linalg.norm(c)) for c in prototypes.T]
            losses.append(math.log(sum(math.exp(cosine) for cosine in cosines)) - cosines[label])
        expected[f"cross_entropy_{view}"] = sum(losses) / len(losses)
    assert {name: term.item() for name, term in terms.items()} == pytest.approx(expected, abs=1e-9)


def test_prototypes_are_unit_at_every_step_and_trained():
    seen = []

    class Watched(CE):
        def loss(self, batch, model, step):
            seen.append(model.prototypes.detach().clone())
            return super().loss(batch, model, step)

    Watched(**settings("ce", learning_rate=0.1)).fit(split(40, 0), None, run())
    assert len(seen) == 2 * 3
    for prototypes in seen:
        torch.testing.assert_close(prototypes.norm(dim=0), torch.ones(CLASSES))
    assert not torch.allclose(seen[0], seen[-1], atol=0.01)
