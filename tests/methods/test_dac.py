"""DAC against its formulas written out sample by sample, and its division of noisy labels."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from pipeline.core.criteria import LAST_EPOCH
from pipeline.learning.loop import Step
from pipeline.learning.losses.contrastive import contrastive
from pipeline.methods.dac import THRESHOLD, balance, clean_probability, joint_loss
from tests.support.paired import CLASSES, DIMS, THREE, batch_of, fit_in_place, make, relabelled, run, split

EPOCHS, WARM_UP = 10, 4


def drawn(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def softmax(row):
    weights = [math.exp(score) for score in row]
    return [weight / sum(weights) for weight in weights]


def slow_balance(scores):
    predicted = [softmax(row) for row in scores]
    classes = len(predicted[0])
    mean = [sum(column) / len(predicted) for column in zip(*predicted, strict=True)]
    return sum(math.log(1 / classes / p) / classes for p in mean)


def slow_classification(rows, weight):
    """rows: (scores, target probabilities) pairs."""
    entropy = -sum(t * math.log(p) for row, target in rows for p, t in zip(softmax(row), target, strict=True)) / len(
        rows
    )
    return entropy + weight * slow_balance([row for row, _ in rows])


def slow_part(model, embeddings, joint, targets, chosen, pairs, weights, temperature):
    """L(S) = mean_v L_cls + joint L_cls + a L_sem + b L_inst of a model in evaluation mode."""
    kl, a, b = weights
    labels = [(view, i) for view, rows in chosen.items() for i, inside in enumerate(rows) if inside]
    total = 0.0
    if labels:
        views = [view for view in chosen if any(view == v for v, _ in labels)]
        heads = {view: model.class_scores(embeddings[view]).tolist() for view in views}
        for view in views:
            rows = [(heads[v][i], targets[v][i]) for v, i in labels if v == view]
            total += slow_classification(rows, kl) / len(views)
        total += slow_classification([(joint[i].tolist(), targets[v][i]) for v, i in labels], kl)
        centres = F.normalize(model.centres)
        for view, i in labels:
            cosines = (F.normalize(embeddings[view][i], dim=0) @ centres.T / temperature).tolist()
            total -= a * math.log(softmax(cosines)[int(np.argmax(targets[view][i]))]) / len(labels)
    if any(pairs):
        total += b * contrastive([F.normalize(z[torch.tensor(pairs)]) for z in embeddings.values()], 1.0).item()
    return total


def test_joint_loss_equals_the_formula():
    scores, joint, labels = {"image": drawn(5, 4), "text": drawn(5, 4, seed=1)}, drawn(5, 4, seed=2), [0, 3, 1, 1, 2]
    expected = []
    for i, label in enumerate(labels):
        own = [-math.log(softmax(rows[i].tolist())[label]) for rows in scores.values()]
        expected.append(-math.log(softmax(joint[i].tolist())[label]) + sum(own) / 2)
    assert joint_loss(scores, joint, torch.tensor(labels)).tolist() == pytest.approx(expected)


def test_balance_equals_the_formula_and_is_zero_for_equal_classes():
    scores = drawn(6, 4)
    assert balance(scores).item() == pytest.approx(slow_balance(scores.tolist()), abs=1e-12)
    assert torch.autograd.gradcheck(balance, [scores.requires_grad_()])
    assert balance(torch.eye(4, dtype=torch.float64)).item() == pytest.approx(0, abs=1e-12)


def test_the_mixture_parts_small_from_large_losses_whatever_its_seed():
    rng = np.random.default_rng(0)
    losses = np.concatenate([rng.normal(1, 0.2, 60), rng.normal(4, 0.5, 40)]).astype(np.float32)
    for seed in range(5):
        np.testing.assert_array_equal(clean_probability(losses, seed) > THRESHOLD, np.arange(100) < 60)


def test_equal_losses_are_all_clean():
    np.testing.assert_array_equal(clean_probability(np.full(4, 0.3), 0), np.ones(4))


@pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
@pytest.mark.parametrize("epoch", [0, WARM_UP, WARM_UP + 1])
@pytest.mark.parametrize("division", ["mixed", "clean", "noisy"])
def test_loss_equals_the_formulas_where_labels_are_divided_view_by_view(dims, epoch, division):
    data = split(8, 0, dims)
    data.labels["text"][:] = np.roll(data.labels["text"], 1)
    method = make("dac", epochs=EPOCHS, warm_up=WARM_UP / EPOCHS, centre_weight=3.0, instance_weight=7.0)
    torch.manual_seed(0)
    model, batch = method.build(dims, CLASSES).double().eval(), batch_of(data)
    method.before_training(model, batch, None)
    method.predictions_ = drawn(8, CLASSES, seed=5).softmax(dim=1)
    if epoch >= WARM_UP:
        shares = {"mixed": 0.5, "clean": 1.0, "noisy": 0.0}
        draw = np.random.default_rng(3).random((len(dims), 8)) < shares[division]
        method.clean_ = {view: torch.tensor(rows) for view, rows in zip(dims, draw, strict=True)}
    before = method.predictions_.clone()
    terms = method.loss(batch, model, Step(epoch, EPOCHS, epoch, EPOCHS))
    with torch.no_grad():
        embeddings = model(batch.views)
        joint = model.joint_scores(embeddings)
    clean = {view: rows.tolist() for view, rows in method.clean_.items()}
    trusted = [all(rows) for rows in zip(*clean.values(), strict=True)]
    given = {view: np.eye(CLASSES)[y.numpy()].tolist() for view, y in batch.labels.items()}
    weights = (0.0 if epoch < WARM_UP else 1.0, 3.0, 1.0)
    with torch.no_grad():
        expected = slow_part(model, embeddings, joint, given, clean, trusted, weights, method.temperature)
        assert terms["clean"].item() == pytest.approx(expected, abs=1e-9)
        if epoch < WARM_UP:
            assert terms["noisy"].item() == 0
            assert torch.equal(method.predictions_, before)
            return
        after = 0.9 * before + 0.1 * joint.softmax(dim=1)
        torch.testing.assert_close(method.predictions_, after)
        corrected = dict.fromkeys(dims, (after if epoch == WARM_UP else before).tolist())
        noisy = {view: [not inside for inside in rows] for view, rows in clean.items()}
        doubted = [not whole for whole in trusted]
        expected = slow_part(model, embeddings, joint, corrected, noisy, doubted, (1.0, 1.0, 7.0), method.temperature)
        assert terms["noisy"].item() == pytest.approx(expected, abs=1e-9)


def test_rates_fall_after_the_warm_up_then_at_a_half_and_at_three_quarters():
    method = make("dac", epochs=400, warm_up=0.01)
    scales = {epoch: method.own_schedule(epoch, "networks") for epoch in (0, 3, 4, 100, 199, 200, 299, 300, 399)}
    expected = {0: 1, 3: 1, 4: 0.1, 100: 0.1, 199: 0.1, 200: 0.01, 299: 0.01, 300: 1e-3, 399: 1e-3}
    assert scales == pytest.approx(expected)


@pytest.mark.parametrize(("warm_up", "divided"), [(0.0, 5), (0.6, 3), (1.0, 1)])
def test_labels_are_divided_after_every_epoch_from_the_last_of_the_warm_up_on(monkeypatch, warm_up, divided):
    calls = []

    def counted(losses, seed):
        calls.append((len(losses), seed))
        return np.ones(len(losses))

    monkeypatch.setattr("pipeline.methods.dac.clean_probability", counted)
    fit_in_place(make("dac", epochs=5, warm_up=warm_up), split(40, 0), None)
    assert len(calls) == divided
    assert len({*calls}) == 1
    assert calls[0][0] == 2 * 40


def test_noisy_labels_are_told_from_clean_ones_and_corrected():
    clean = split(200, 0)
    noisy = relabelled(clean, 5, share=0.4)
    method = make("dac", epochs=15, learning_rate=0.01, warm_up=0.4)
    fit_in_place(method, noisy, None)
    for view, given in noisy.labels.items():
        right = given == clean.labels[view]
        assert (method.clean_[view].numpy() == right).mean() > 0.8
    corrected = method.predictions_.argmax(dim=1).numpy()
    wrong = noisy.labels["image"] != clean.labels["image"]
    assert (corrected == clean.labels["image"])[wrong].mean() > 0.8


def test_three_views_from_fit_to_transform():
    fitted = make("dac").fit(split(40, 0, THREE), split(20, 1, THREE), run())
    embeddings = fitted.at(LAST_EPOCH).transform(split(10, 2, THREE).views)
    assert {view: z.shape for view, z in embeddings.items()} == dict.fromkeys(THREE, (10, 8))
