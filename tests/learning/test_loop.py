"""The training loop, watched through a method that writes down all it is asked."""

import math
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch

from pipeline.core.criteria import BEST_VALIDATION, FIXED_CHECKPOINT, LAST_EPOCH, NOISY_VALIDATION
from pipeline.core.errors import BadParams, Diverged
from pipeline.learning.loop import Batch, run_epochs
from pipeline.learning.networks import MultiViewNetwork, mlp
from pipeline.methods.base.deep import Deep
from pipeline.methods.ce import CE
from tests.support.paired import CPU, make, run, settings, split

SIZE = 11


@dataclass
class Watched:
    """Pulls outputs to 1; broken: term -> the epoch from which on it is NaN."""

    epochs: int = 3
    batch_size: int = 4
    checkpoint: float | None = None
    averaged: float | None = None
    broken: dict[str, int] = field(default_factory=dict)
    before: list[Any] = field(default_factory=list)
    steps: list[Any] = field(default_factory=list)
    batches: list[Any] = field(default_factory=list)
    rates: list[list[float]] = field(default_factory=list)

    finished: list[Any] = field(default_factory=list)
    step = Deep.step

    def optimisers(self, model):
        self.live = model
        weight, bias = model.parameters()
        self.used = [
            torch.optim.SGD([{"name": "weight", "params": [weight]}], lr=0.004),
            torch.optim.SGD([bias], lr=0.002),
        ]
        return self.used

    def learning_rate_scale(self, epoch, group):
        return 1 / (epoch + 1) if group == "weight" else 1.0 + (group == "")

    def before_step(self, model, position):
        assert model.training
        assert len(self.before) == len(self.steps)
        self.before.append(position)

    def finish(self, model, data):
        assert not model.training
        self.finished.append((len(self.steps), len(data.index)))

    def loss(self, batch, model, position):
        self.steps.append(position)
        self.batches.append(batch)
        self.rates.append([group["lr"] for optimiser in self.used for group in optimiser.param_groups])
        fit = (model.encode("image", batch.views["image"]) - 1).square().mean()
        terms = {"fit": fit, "rows": torch.tensor(float(batch.index.sum())), "total": fit}
        for term, epoch in self.broken.items():
            if position.epoch >= epoch:
                terms[term] = terms[term] * torch.nan
        return terms


def go(method, scores=None, size=SIZE, noisy=None):
    """Train; scores, noisy: validation scores of each epoch. Gives history, states and what was scored each epoch."""
    torch.manual_seed(0)
    model = MultiViewNetwork({"image": mlp(12, [], 1)})
    weights = []

    def observe(model, epoch):
        assert not model.training
        weights.append({name: value.clone() for name, value in model.state_dict().items()})
        columns = {"valid/mean": scores, "noisy_valid/mean": noisy}
        return {column: values[len(weights) - 1] for column, values in columns.items() if values is not None}

    history, states = run_epochs(
        method, model, Batch.of(split(size, 0), CPU), torch.Generator().manual_seed(0), observe
    )
    return history, states, weights


def equal(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def test_history_has_a_row_per_epoch():
    history, _, _ = go(Watched(), [0.1, 0.2, 0.3])
    assert [row["epoch"] for row in history] == [1, 2, 3]
    for row in history:
        assert list(row) == ["epoch", "loss/fit", "loss/rows", "loss/total", "valid/mean"]
    assert history[2]["loss/fit"] < history[0]["loss/fit"]


def test_losses_are_means_over_samples():
    method = Watched(epochs=1)
    history, _, _ = go(method)
    sums = [float(batch.index.sum()) * len(batch.index) for batch in method.batches]
    assert history[0]["loss/rows"] == pytest.approx(sum(sums) / SIZE, rel=1e-6)


def test_every_sample_once_per_epoch_and_the_partial_batch_too():
    method = Watched()
    go(method)
    assert [len(batch.index) for batch in method.batches] == [4, 4, 3] * 3
    orders = [torch.cat([batch.index for batch in method.batches[e : e + 3]]).tolist() for e in (0, 3, 6)]
    for order in orders:
        assert sorted(order) == list(range(SIZE))
    assert orders[0] != orders[1] != orders[2]


def test_rows_labels_and_index_stay_together():
    method, data = Watched(), split(SIZE, 0)
    go(method)
    for batch in method.batches:
        for view, x in batch.views.items():
            assert (x.numpy() == data.views[view][batch.index]).all()
            assert (batch.labels[view].numpy() == data.labels[view][batch.index]).all()


def test_steps_are_counted_from_zero():
    method = Watched()
    go(method)
    assert [step.iteration for step in method.steps] == list(range(9))
    assert [step.epoch for step in method.steps] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert {(step.epochs, step.iterations) for step in method.steps} == {(3, 9)}


def test_what_comes_before_a_step_is_told_the_same_step():
    method = Watched()
    go(method)
    assert method.before == method.steps


def test_an_epoch_is_finished_after_its_last_step_with_the_whole_split():
    method = Watched()
    go(method)
    assert method.finished == [(3, SIZE), (6, SIZE), (9, SIZE)]


def test_what_finish_changes_is_scored_and_kept():
    class Reset(Watched):
        def finish(self, model, data):
            with torch.no_grad():
                for value in model.parameters():
                    value.zero_()

    _, states, weights = go(Reset(), [0.1, 0.2, 0.3])
    assert all(not value.any() for kept in (*states.values(), *weights) for value in kept.values())


@pytest.mark.parametrize(
    ("size", "batch_size", "expected"),
    [
        (9, 4, [4, 5]),
        (10, 4, [4, 4, 2]),
        (8, 4, [4, 4]),
        (5, 4, [5]),
        (4, 4, [4]),
        (3, 4, [3]),
        (1, 4, [1]),
        (3, 2, [3]),
    ],
)
def test_a_last_sample_left_alone_joins_the_batch_before_it(size, batch_size, expected):
    method = Watched(batch_size=batch_size, epochs=2)
    go(method, size=size)
    assert [len(batch.index) for batch in method.batches] == expected * 2
    assert [step.iteration for step in method.steps] == list(range(2 * len(expected)))
    assert {step.iterations for step in method.steps} == {2 * len(expected)}
    for epoch in range(2):
        batches = method.batches[epoch * len(expected) : (epoch + 1) * len(expected)]
        assert sorted(torch.cat([batch.index for batch in batches]).tolist()) == list(range(size))


def test_losses_are_means_over_samples_with_batches_of_unequal_size():
    method = Watched(epochs=1)
    history, _, _ = go(method, size=9)
    assert [len(batch.index) for batch in method.batches] == [4, 5]
    sums = [float(batch.index.sum()) * len(batch.index) for batch in method.batches]
    assert history[0]["loss/rows"] == pytest.approx(sum(sums) / 9, rel=1e-6)


def test_learning_rate_of_each_group_is_scaled_from_its_own_by_its_name():
    method = Watched()
    go(method)
    weight, bias = zip(*method.rates, strict=True)
    assert weight == pytest.approx([0.004] * 3 + [0.002] * 3 + [0.004 / 3] * 3)
    assert bias == pytest.approx([0.004] * 9)


@pytest.mark.parametrize("scores", [[0.1, 0.9, 0.5], [0.9, 0.1, 0.9], [0.1, 0.2, 0.3]])
def test_best_validation_is_the_first_highest_epoch(scores):
    _, states, weights = go(Watched(), scores)
    assert list(states) == [BEST_VALIDATION, LAST_EPOCH]
    assert equal(states[BEST_VALIDATION], weights[scores.index(max(scores))])
    assert equal(states[LAST_EPOCH], weights[2])
    assert not equal(weights[0], weights[2])


def test_clean_and_noisy_validation_each_keep_their_own_epoch():
    _, states, weights = go(Watched(checkpoint=1.0), [0.1, 0.9, 0.5], noisy=[0.7, 0.2, 0.7])
    assert list(states) == [BEST_VALIDATION, NOISY_VALIDATION, FIXED_CHECKPOINT, LAST_EPOCH]
    assert equal(states[BEST_VALIDATION], weights[1])
    assert equal(states[NOISY_VALIDATION], weights[0])


def test_noisy_validation_changes_nothing_else():
    with_it, without = go(Watched(), [0.1, 0.9, 0.5], noisy=[0.7, 0.2, 0.6]), go(Watched(), [0.1, 0.9, 0.5])
    for row, other in zip(with_it[0], without[0], strict=True):
        assert {column: value for column, value in row.items() if column != "noisy_valid/mean"} == other
    for criterion, state in without[1].items():
        assert equal(with_it[1][criterion], state)


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.99])
def test_the_average_over_the_steps_is_scored_and_kept_in_place_of_the_live_weights(decay):
    """A slow average beside the loop; the live weights are trained as they are without it."""
    trail = []

    class Trailed(Watched):
        def step(self, batch, model, optimisers, position):
            terms = super().step(batch, model, optimisers, position)
            trail.append({name: value.detach().clone() for name, value in model.state_dict().items()})
            return terms

        def before_step(self, model, position):
            if not position.iteration:
                trail.append({name: value.detach().clone() for name, value in model.state_dict().items()})
            super().before_step(model, position)

    method = Trailed(averaged=decay)
    history, states, scored = go(method, [0.1, 0.9, 0.5])
    mean, *live = trail
    means = []
    for taken, weights in enumerate(live):
        share = max(1 - decay, 9 / (10 + taken))
        mean = {name: (1 - share) * value + share * weights[name] for name, value in mean.items()}
        means.append(mean)
    for kept, expected in (*zip(scored, means[2::3], strict=True), (states[BEST_VALIDATION], means[5])):
        for name, value in kept.items():
            torch.testing.assert_close(value, expected[name])
    assert equal(states[LAST_EPOCH], scored[-1])
    plain = go(Watched(), [0.1, 0.9, 0.5])
    assert [row["loss/fit"] for row in history] == [row["loss/fit"] for row in plain[0]]
    assert equal(method.live.state_dict(), plain[1][LAST_EPOCH])
    assert not equal(states[LAST_EPOCH], plain[1][LAST_EPOCH]) or decay == 0


def test_what_finish_does_to_the_average_leaves_the_live_weights_alone():
    class Reset(Watched):
        def finish(self, model, data):
            assert model is not self.live
            with torch.no_grad():
                for value in model.parameters():
                    value.zero_()

    history, states, scored = go(Reset(averaged=0.9))
    assert all(not value.any() for kept in (*states.values(), *scored) for value in kept.values())
    assert [row["loss/fit"] for row in history] == [row["loss/fit"] for row in go(Watched())[0]]


def test_without_validation_only_the_last_epoch_is_kept():
    _, states, weights = go(Watched())
    assert list(states) == [LAST_EPOCH]
    assert equal(states[LAST_EPOCH], weights[2])
    assert make("ce").fit(split(20, 0), None, run()).states == (LAST_EPOCH,)


@pytest.mark.parametrize(
    ("share", "epochs", "kept"),
    [(0.8, 50, 40), (0.8, 30, 24), (0.8, 3, 2), (0.5, 4, 2), (1.0, 3, 3), (0.01, 3, 1), (0.8, 1, 1)],
)
def test_the_checkpoint_is_the_state_after_its_share_of_the_epochs(share, epochs, kept):
    _, states, weights = go(Watched(epochs=epochs, checkpoint=share), [0.5] * epochs)
    assert list(states) == [BEST_VALIDATION, FIXED_CHECKPOINT, LAST_EPOCH]
    assert equal(states[FIXED_CHECKPOINT], weights[kept - 1])
    assert equal(states[LAST_EPOCH], weights[-1])
    for epoch in {*range(epochs)} - {kept - 1}:
        assert not equal(states[FIXED_CHECKPOINT], weights[epoch])


def test_a_checkpoint_needs_no_validation_and_changes_nothing_else():
    with_one, without = (go(Watched(checkpoint=share)) for share in (0.5, None))
    assert list(with_one[1]) == [FIXED_CHECKPOINT, LAST_EPOCH]
    assert with_one[0] == without[0]
    assert equal(with_one[1][LAST_EPOCH], without[1][LAST_EPOCH])


@pytest.mark.parametrize("share", [0, -0.5, 1.1, "late"])
def test_a_checkpoint_is_a_share_of_the_run(share):
    with pytest.raises(BadParams, match=r"params.yaml, methods.ce: 'checkpoint' is .*"):
        make("ce", checkpoint=share)


@pytest.mark.parametrize("validated", [True, False])
def test_both_splits_are_shown_once_before_the_first_step(validated):
    train_split, valid, events = split(20, 0), split(9, 1) if validated else None, []

    class Shown(CE):
        def before_training(self, model, data, valid):
            events.append((data, valid))

        def before_step(self, model, position):
            events.append(position.iteration)
            super().before_step(model, position)

    Shown(**settings("ce")).fit(train_split, valid, run())
    (data, displayed), *steps = events
    assert steps == [0, 1, 2, 3]
    for batch, given in ((data, train_split), (displayed, valid)):
        if given is None:
            assert batch is None
            continue
        for view, x in given.views.items():
            assert (batch.views[view].numpy() == x).all()
            assert (batch.labels[view].numpy() == given.labels[view]).all()
        assert (batch.index.numpy() == given.index).all()


@pytest.mark.parametrize(("term", "epoch"), [("rows", 0), ("rows", 1), ("fit", 2)])
def test_a_term_that_is_not_finite_is_named_with_its_epoch(term, epoch):
    with pytest.raises(Diverged, match=f"epoch {epoch + 1}: '{term}' is not finite") as caught:
        go(Watched(broken={term: epoch}))
    assert (caught.value.term, caught.value.epoch) == (term, epoch + 1)


def test_cosine_schedule_lags_by_one_epoch():
    method = make("mrl", epochs=4)
    half = math.sqrt(0.5)
    expected = [1, 1, (1 + half) / 2, 0.5]
    assert [method.learning_rate_scale(epoch, "all") for epoch in range(4)] == pytest.approx(expected)
