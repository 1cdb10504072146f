"""DCCAE: DCCA's loss plus reconstruction, and DCCA itself where lambda is 0."""

import numpy as np
import pytest
import torch

from pipeline.core.runs import Need
from pipeline.learning.loop import Step
from pipeline.learning.losses.canonical import linear_cca
from tests.support.paired import CLASSES, DIMS, batch_of, make, project, relabelled, run, split

STEP = Step(0, 1, 0, 1)
TRAIN, VALID, TEST = split(60, 0), split(30, 1), split(20, 2)


def test_loss_adds_the_reconstruction_errors_of_both_views():
    data = batch_of(TRAIN)
    method, plain = make("dccae", reconstruction=0.3, ridge=0.02), make("dcca", ridge=0.02)
    model, bare = (kind.build(DIMS, CLASSES).double() for kind in (method, plain))
    bare.encoders.load_state_dict(model.encoders.state_dict())
    errors = 0.0
    for view, x in data.views.items():
        again = model.decoders[view](model.encoders[view](x))
        errors += np.mean([np.sum(row**2) for row in (x - again).detach().numpy()])
    correlation = plain.loss(data, bare, STEP)["total"].item()
    expected = {"correlation": correlation, "reconstruction": errors, "total": correlation + 0.3 * errors}
    terms = method.loss(data, model, STEP)
    assert {name: term.item() for name, term in terms.items()} == pytest.approx(expected, abs=1e-9)


def test_decoders_mirror_the_encoders():
    model = make("dccae", hidden=[16, 12], embedding=4).build(DIMS, CLASSES)
    for view, dim in DIMS.items():
        there, back = (
            [layer.weight.shape for layer in half[view] if hasattr(layer, "weight")]
            for half in (model.encoders, model.decoders)
        )
        assert [tuple(shape) for shape in there] == [(16, dim), (12, 16), (4, 12)]
        assert [tuple(shape) for shape in back] == [(12, 4), (16, 12), (dim, 16)]
    assert not make("dcca").build(DIMS, CLASSES).decoders


def test_without_reconstruction_the_encoders_get_the_gradients_of_dcca():
    data, result = batch_of(TRAIN), []
    torch.manual_seed(0)
    method, plain = make("dccae", reconstruction=0.0), make("dcca")
    model, bare = (kind.build(DIMS, CLASSES).double() for kind in (method, plain))
    bare.encoders.load_state_dict(model.encoders.state_dict())
    for kind, network in ((method, model), (plain, bare)):
        result.append(torch.autograd.grad(kind.loss(data, network, STEP)["total"], list(network.encoders.parameters())))
    for ours, theirs in zip(*result, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)


def test_the_gradient_reaches_encoders_and_decoders():
    model = make("dccae").build(DIMS, CLASSES).double()
    make("dccae").loss(batch_of(TRAIN), model, STEP)["total"].backward()
    for parameter in model.parameters():
        assert torch.isfinite(parameter.grad).all()
        assert parameter.grad.abs().sum() > 0


def test_training_lowers_the_reconstruction_error():
    history = make("dccae", epochs=8, reconstruction=1.0, learning_rate=0.01).fit(TRAIN, None, run()).history
    assert history[-1]["loss/reconstruction"] < history[0]["loss/reconstruction"]


def test_every_state_is_projected_by_the_cca_of_its_own_weights():
    fitted = make("dccae", epochs=12, embedding=4, learning_rate=0.05, ridge=1e-3).fit(TRAIN, VALID, run())
    scores = [row["valid/mean"] for row in fitted.history]
    assert int(np.argmax(scores)) < 11
    for criterion in fitted.states:
        kept = fitted.at(criterion)
        result = kept.transform(TRAIN.views)
        with torch.no_grad():
            raw = list(kept.model({view: torch.tensor(x) for view, x in TRAIN.views.items()}).values())
        for z, h, w in zip(result.values(), raw, linear_cca(*raw, make("dccae").final_ridge), strict=True):
            np.testing.assert_allclose(z, ((h.double() - h.double().mean(0)) @ w).numpy(), atol=2e-3)


def test_two_label_sets_give_the_same_bits():
    one, other = (make("dccae").fit(relabelled(TRAIN, seed), VALID, run()) for seed in (3, 4))
    assert one.history == other.history
    for criterion in one.states:
        before, after = (fitted.at(criterion).transform(TEST.views) for fitted in (one, other))
        for view in DIMS:
            np.testing.assert_array_equal(after[view], before[view])


def test_needs_pairs_of_two_views_and_ten_samples_per_output():
    fitted = make("dccae").fit(TRAIN, None, run())
    assert make("dccae").needs == {Need.PAIRS, Need.TWO_VIEWS}
    assert fitted.suspicion() is None
    block = project().settings("dccae", "default", "emoji")
    assert block["batch_size"] >= 10 * block["embedding"]
