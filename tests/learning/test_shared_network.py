"""The network that every deep method can be given: its parts by hand, and all methods trained with it."""

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.core import plugins
from pipeline.core.criteria import BEST_VALIDATION, LAST_EPOCH
from pipeline.learning.loop import Batch
from pipeline.learning.shared_network import MEMORY, START, WARM_UP, Compress, average, one_cycle, regularised_mlp
from pipeline.methods.base import Method, validation_scores
from pipeline.methods.base.deep import Deep
from tests.support.paired import CLASSES, CPU, DIMS, make, run, settings, split

DEEP = [
    name
    for name in plugins.names("pipeline.methods")
    if issubclass(plugins.find("pipeline.methods", name, Method), Deep)
]
SHARED = {"network": "shared", "dropouts": (0.2, 0.3), "weight_decay": 0.01}
over_deep = pytest.mark.parametrize("name", DEEP)


def test_compress_keeps_signs_and_takes_logarithms():
    x = [-math.e + 1, -0.5, 0.0, 0.5, math.e**3 - 1]
    expected = [-1, -math.log(1.5), 0, math.log(1.5), 3]
    assert Compress()(torch.tensor(x)).tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("hidden", [[], [5], [5, 3]])
def test_layers_of_the_encoder(hidden):
    layers = list(regularised_mlp(7, hidden, 4, (0.1, 0.4)))
    assert isinstance(layers[0], Compress)
    assert [layer.p for layer in layers if isinstance(layer, nn.Dropout)] == [0.1] + [0.4] * len(hidden)
    widths = [(layer.in_features, layer.out_features) for layer in layers if isinstance(layer, nn.Linear)]
    assert widths == list(zip([7, *hidden], [*hidden, 4], strict=True))
    kinds = [type(layer).__name__ for layer in layers]
    assert kinds == ["Compress", "Dropout", *["Linear", "ReLU", "Dropout"] * len(hidden), "Linear"]


def test_the_cycle_starts_low_has_its_top_after_the_warm_up_and_ends_at_zero():
    epochs = 10_000
    rates = [one_cycle(epoch, epochs) for epoch in range(epochs)]
    assert rates[0] == pytest.approx(START, abs=1e-4)
    top = int(np.argmax(rates))
    assert top == pytest.approx(WARM_UP * epochs, abs=1)
    assert rates[top] == pytest.approx(1, abs=1e-6)
    assert rates[-1] == pytest.approx(0, abs=1e-4)
    assert rates[-1] > 0
    assert (np.diff(rates[: top + 1]) > 0).all()
    assert (np.diff(rates[top:]) < 0).all()


def test_the_cycle_by_hand():
    """Five epochs are read at .1, .3, .5, .7 and .9 of the run; it climbs until .3 and falls over the other .7."""
    expected = [
        START + (1 - START) * (1 - math.cos(math.pi / 3)) / 2,
        1,
        *((1 + math.cos(math.pi * share / 7)) / 2 for share in (2, 4, 6)),
    ]
    assert [one_cycle(epoch, 5) for epoch in range(5)] == pytest.approx(expected)
    assert one_cycle(0, 1) == pytest.approx((1 + math.cos(math.pi * 2 / 7)) / 2)


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.9, 0.99])
def test_the_average_is_that_of_a_slow_loop(decay):
    torch.manual_seed(0)
    live = nn.Linear(3, 2).double()
    mean = copy.deepcopy(live)
    expected = [value.tolist() for value in live.weight.detach().flatten()]
    for steps in range(40):
        with torch.no_grad():
            for value in live.parameters():
                value.add_(torch.randn_like(value))
        average(mean, live, decay, steps)
        share = max(1 - decay, MEMORY / (MEMORY + 1 + steps))
        now = live.weight.flatten().tolist()
        expected = [(1 - share) * old + share * new for old, new in zip(expected, now, strict=True)]
    assert mean.weight.flatten().tolist() == pytest.approx(expected)


def test_the_decay_alone_rules_once_the_first_steps_are_taken():
    """With .99 after 890 steps: 9 / (10 + 890) = 1 / 100."""
    live, mean = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    for steps, share in ((0, 0.9), (90, 0.09), (890, 0.01), (100_000, 0.01)):
        nn.init.ones_(live.weight)
        nn.init.zeros_(mean.weight)
        average(mean, live, 0.99, steps)
        assert mean.weight.item() == pytest.approx(share)


def test_buffers_are_copied_and_live_weights_stay():
    live = nn.BatchNorm1d(4).train()
    mean = copy.deepcopy(live)
    live(torch.randn(9, 4))
    before = {name: value.clone() for name, value in live.state_dict().items()}
    average(mean, live, 0.99, 100)
    for name, value in live.named_buffers():
        assert torch.equal(dict(mean.named_buffers())[name], value)
    assert mean.num_batches_tracked == 1
    for name, value in live.state_dict().items():
        assert torch.equal(value, before[name])


def shared(name, **changes):
    return make(name, **SHARED, **changes)


def begun(name, **changes):
    """A method with the shared network, and its model at the beginning of training."""
    method = shared(name, **changes)
    model = method.whole(DIMS, CLASSES)
    method.before_training(model, Batch.of(split(40, 0), CPU), None)
    return method, model


@over_deep
def test_every_deep_method_has_the_shared_encoders_as_wide_as_its_own(name):
    own, whole = (make(name, network=kind, dropouts=(0.2, 0.3)) for kind in ("own", "shared"))
    for view, encoder in whole.whole(DIMS, CLASSES).encoders.items():
        first, *_, final = encoder
        assert isinstance(first, Compress)
        x = torch.zeros(2, DIMS[view])
        assert final.out_features == own.build(DIMS, CLASSES).eval().encoders[view](x).shape[1]
        assert [layer.p for layer in encoder if isinstance(layer, nn.Dropout)] == [0.2, 0.3]


@over_deep
def test_every_deep_method_has_the_shared_optimiser_and_schedule(name):
    method, model = begun(name, epochs=10)
    for optimiser in method.optimisers(model):
        assert isinstance(optimiser, torch.optim.AdamW)
        assert {group["betas"] for group in optimiser.param_groups} == {(0.9, 0.999)}
    for epoch in range(10):
        assert method.learning_rate_scale(epoch, "all") == one_cycle(epoch, 10)


@over_deep
def test_every_weight_of_the_shared_encoders_is_trained(name):
    """No parameter group still holds the encoders that were replaced."""
    method, model = begun(name)
    trained = {p for optimiser in method.optimisers(model) for group in optimiser.param_groups for p in group["params"]}
    assert set(model.encoders.parameters()) <= trained


@over_deep
def test_the_evaluated_weights_are_averages_and_not_the_live_ones(name):
    """A slow average beside the training of every method; what is kept scores as the history says."""
    kind = plugins.find("pipeline.methods", name, Method)
    trail = []

    class Trailed(kind):
        def before_training(self, model, data, valid):
            super().before_training(model, data, valid)
            trail[:] = [copied(model)]  # of the last network, where an earlier one estimates the noise

        def step(self, batch, model, optimisers, position):
            terms = super().step(batch, model, optimisers, position)
            trail.append(copied(model))
            return terms

    def copied(model):
        return {key: value.detach().clone() for key, value in model.encoders.state_dict().items()}

    train, valid = split(40, 0), split(20, 1)
    fit = Trailed(**settings(name, **SHARED, averaging=0.5)).fit(train, valid, run())
    mean, *live = trail
    for steps, weights in enumerate(live):
        share = max(0.5, 9 / (10 + steps))
        mean = {key: (1 - share) * value + share * weights[key] for key, value in mean.items()}
    kept = fit.at(LAST_EPOCH)
    for key, value in kept.model.encoders.state_dict().items():
        torch.testing.assert_close(value, mean[key], rtol=1e-4, atol=1e-5)
    assert any(not torch.allclose(value, live[-1][key], rtol=1e-4) for key, value in mean.items())
    scores = validation_scores(kept.transform(valid.views), valid)
    assert {column: fit.history[-1][column] for column in scores} == scores
    assert fit.states == (BEST_VALIDATION, LAST_EPOCH)


@over_deep
def test_every_deep_method_is_restored_with_the_shared_network(name):
    method, test = shared(name), split(9, 2)
    embedder = method.fit(split(40, 0), None, run()).at(LAST_EPOCH)
    again = shared(name).restore(DIMS, CLASSES, embedder.state(), CPU)
    for view, z in embedder.transform(test.views).items():
        assert np.isfinite(z).all()
        np.testing.assert_array_equal(again.transform(test.views)[view], z)


@over_deep
def test_without_the_shared_network_there_is_no_average(name):
    method = make(name, network="own")
    assert method.averaged is None
    assert not any(isinstance(layer, Compress) for layer in method.whole(DIMS, CLASSES).modules())


@pytest.mark.parametrize("name", [name for name in DEEP if name in {"ce", "mrl", "elrcmr", "lr_only"}])
def test_averaged_prototypes_have_length_one_where_they_are_evaluated(name):
    fit = shared(name, averaging=0.9, learning_rate=0.05).fit(split(40, 0), split(20, 1), run())
    for criterion in fit.states:
        lengths = fit.at(criterion).model.prototypes.norm(dim=0)
        torch.testing.assert_close(lengths, torch.ones_like(lengths))
