"""L_c only is MRL with beta = 0, and never sees a label."""

import numpy as np
import pytest
import torch

from pipeline.core.runs import Need
from pipeline.learning.loop import Step
from tests.support.paired import CLASSES, DIMS, THREE, batch_of, make, relabelled, run, split

STEP = Step(0, 1, 0, 1)


@pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
def test_loss_and_gradients_are_those_of_mrl_with_beta_0(dims):
    data = batch_of(split(7, 0, dims))
    one, other = make("lc_only", temperature=0.7), make("mrl", beta=0.0, temperature=0.7)
    model, with_prototypes = (method.build(dims, CLASSES).double() for method in (one, other))
    with_prototypes.encoders.load_state_dict(model.encoders.state_dict())
    result = []
    for method, network in ((one, model), (other, with_prototypes)):
        total = method.loss(data, network, STEP)["total"]
        result.append([total, *torch.autograd.grad(total, list(network.encoders.parameters()))])
    for ours, mrls in zip(*result, strict=True):
        torch.testing.assert_close(ours, mrls, rtol=0, atol=1e-12)


def test_training_gives_the_encoders_of_mrl_with_beta_0():
    """Prototypes are drawn after the encoders and get no gradient, so nothing else differs."""
    train, valid = split(30, 0), split(20, 1)
    methods = make("lc_only", weight_decay=0.0), make("mrl", beta=0.0, weight_decay=0.0)
    one, other = (method.fit(train, valid, run()) for method in methods)
    for ours, mrls in zip(one.history, other.history, strict=True):
        assert ours["loss/total"] == pytest.approx(mrls["loss/contrastive"], abs=1e-6)
    embeddings, mrls = (fitted.at(fitted.states[0]).transform(train.views) for fitted in (one, other))
    for view, z in mrls.items():
        np.testing.assert_allclose(embeddings[view], z, atol=1e-5)


def test_two_label_sets_give_the_same_bits():
    train, valid = split(40, 0), split(20, 1)
    one, other = (make("lc_only").fit(relabelled(train, seed), valid, run()) for seed in (3, 4))
    assert one.history == other.history
    for criterion in one.states:
        before, after = (fitted.at(criterion).transform(train.views) for fitted in (one, other))
        for view in DIMS:
            np.testing.assert_array_equal(after[view], before[view])


def test_has_neither_prototypes_nor_class_scores_nor_suspicion():
    train = split(30, 0)
    fitted = make("lc_only").fit(train, None, run())
    assert not any("prototype" in name for name, _ in fitted.model.named_parameters())
    assert fitted.model.class_scores(torch.zeros(2, 8)) is None
    assert fitted.suspicion() is None
    assert make("lc_only").needs == {Need.PAIRS}
