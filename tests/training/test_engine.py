"""The training loop, watched through a method that writes down all it is asked."""

import math
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch

from pipeline.contract import BEST_VALIDATION, LAST_EPOCH
from pipeline.errors import Diverged
from pipeline.networks import MultiViewNetwork, mlp
from pipeline.training.engine import Batch, train
from tests.paired import CPU, make, run, split

SIZE = 11


@dataclass
class Watched:
    """Pulls outputs to 1; broken: term -> the epoch from which on it is NaN."""

    epochs: int = 3
    batch_size: int = 4
    broken: dict[str, int] = field(default_factory=dict)
    steps: list[Any] = field(default_factory=list)
    batches: list[Any] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    before: int = 0

    def optimiser(self, model):
        self.used = torch.optim.SGD([{"params": model.parameters(), "lr": 0.004}], lr=0.002)
        return self.used

    def learning_rate_scale(self, epoch):
        return 1 / (epoch + 1)

    def before_step(self, model):
        assert model.training
        self.before += 1

    def loss(self, batch, model, step):
        assert self.before == len(self.steps) + 1
        self.steps.append(step)
        self.batches.append(batch)
        self.rates.append(self.used.param_groups[0]["lr"])
        fit = (model.encode("image", batch.views["image"]) - 1).square().mean()
        terms = {"fit": fit, "rows": torch.tensor(float(batch.index.sum())), "total": fit}
        for term, epoch in self.broken.items():
            if step.epoch >= epoch:
                terms[term] = terms[term] * torch.nan
        return terms


def go(method, scores=None):
    """Train; scores: validation score of each epoch. Gives history, states and the weights after each epoch."""
    torch.manual_seed(0)
    model = MultiViewNetwork({"image": mlp(12, [], 1)})
    weights = []

    def observe(model, epoch):
        assert not model.training
        weights.append({name: value.clone() for name, value in model.state_dict().items()})
        return {} if scores is None else {"valid/mean": scores[len(weights) - 1]}

    history, states = train(method, model, Batch.of(split(SIZE, 0), CPU), torch.Generator().manual_seed(0), observe)
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


def test_learning_rate_of_each_group_is_scaled_from_its_own():
    method = Watched()
    go(method)
    assert method.rates == pytest.approx([0.004] * 3 + [0.002] * 3 + [0.004 / 3] * 3)


@pytest.mark.parametrize("scores", [[0.1, 0.9, 0.5], [0.9, 0.1, 0.9], [0.1, 0.2, 0.3]])
def test_best_validation_is_the_first_highest_epoch(scores):
    _, states, weights = go(Watched(), scores)
    assert list(states) == [BEST_VALIDATION, LAST_EPOCH]
    assert equal(states[BEST_VALIDATION], weights[scores.index(max(scores))])
    assert equal(states[LAST_EPOCH], weights[2])
    assert not equal(weights[0], weights[2])


def test_without_validation_only_the_last_epoch_is_kept():
    _, states, weights = go(Watched())
    assert list(states) == [LAST_EPOCH]
    assert equal(states[LAST_EPOCH], weights[2])
    assert make("ce").fit(split(20, 0), None, run()).criteria_ == (LAST_EPOCH,)


@pytest.mark.parametrize(("term", "epoch"), [("rows", 0), ("rows", 1), ("fit", 2)])
def test_a_term_that_is_not_finite_is_named_with_its_epoch(term, epoch):
    with pytest.raises(Diverged, match=f"epoch {epoch + 1}: '{term}' is not finite") as caught:
        go(Watched(broken={term: epoch}))
    assert (caught.value.term, caught.value.epoch) == (term, epoch + 1)


def test_cosine_schedule_lags_by_one_epoch():
    method = make("mrl", epochs=4)
    half = math.sqrt(0.5)
    expected = [1, 1, (1 + half) / 2, 0.5]
    assert [method.learning_rate_scale(epoch) for epoch in range(4)] == pytest.approx(expected)
