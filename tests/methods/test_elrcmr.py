"""ELRCMR against its formulas written out sample by sample, and its memory followed step by step."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from pipeline.core.criteria import LAST_EPOCH
from pipeline.learning.loop import Step
from pipeline.learning.losses.contrastive import contrastive
from pipeline.learning.losses.robust_clustering import robust_clustering
from pipeline.learning.networks import PrototypeNetwork
from pipeline.methods.elrcmr import ELRCMR, early_learning, same_prediction_contrast
from tests.support.paired import CLASSES, DIMS, THREE, batch_of, fit_in_place, make, run, settings, split

STILL = 1e-30
"""A learning rate at which no weight moves, so that predictions stay what they were."""
FADES = 0.99326205 * (2 - 0.99326205)
"""alpha (2 - alpha) with the alpha that the authors' code arrives at."""


def drawn(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def slow_early_learning(probabilities, memory):
    total = 0.0
    for p, q in zip(probabilities.tolist(), memory.tolist(), strict=True):
        total += math.log(1 - sum(a * b for a, b in zip(p, q, strict=True)))
    return total / len(probabilities)


def slow_contrast(embeddings, predicted, temperature):
    total = 0.0
    for i, z in enumerate(embeddings):
        closeness = [math.exp(float(z @ other) / temperature) for other in embeddings]
        strangers = sum(s for k, s in enumerate(closeness) if k != i)
        positives = [j for j in range(len(embeddings)) if j != i and predicted[j] == predicted[i]]
        if positives:
            total += sum(-math.log(closeness[j] / strangers) for j in positives) / (2 * len(positives) - 1)
    return total


def test_early_learning_equals_the_formula():
    p, q = drawn(9, 4).softmax(1), 0.9 * drawn(9, 4, seed=1).softmax(1)
    assert early_learning(p, q).item() == pytest.approx(slow_early_learning(p, q), abs=1e-12)
    assert early_learning(p, torch.zeros_like(q)).item() == 0
    assert torch.autograd.gradcheck(lambda rows: early_learning(rows, q), [p.clone().requires_grad_()])


def test_early_learning_falls_as_predictions_return_to_the_memory():
    q = torch.tensor([[0.8, 0.1, 0.1]], dtype=torch.float64)
    near, far = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]], dtype=torch.float64)
    assert early_learning(near[None], q) < early_learning(far[None], q) < 0


@pytest.mark.parametrize(
    "predicted",
    [[0, 1, 2, 3, 4, 5], [0, 0, 1, 1, 2, 2], [0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 2], [0] * 6],
    ids=["no positives", "one each", "three and one", "two, one and none", "all"],
)
@pytest.mark.parametrize("temperature", [1.0, 0.3])
def test_same_prediction_contrast_equals_the_formula(predicted, temperature):
    embeddings = F.normalize(drawn(6, 5)).requires_grad_()
    value = same_prediction_contrast(embeddings, torch.tensor(predicted), temperature)
    assert value.item() == pytest.approx(slow_contrast(embeddings.detach(), predicted, temperature), abs=1e-10)
    value.backward()
    assert torch.isfinite(embeddings.grad).all()
    assert torch.autograd.gradcheck(
        lambda z: same_prediction_contrast(z, torch.tensor(predicted), temperature), [embeddings]
    )


def test_a_sample_alone_contrasts_with_nothing():
    z = F.normalize(drawn(1, 5)).requires_grad_()
    value = same_prediction_contrast(z, torch.tensor([0]), 1.0)
    value.backward()
    assert value.item() == 0
    assert torch.equal(z.grad, torch.zeros_like(z))


def ready(data, dims=DIMS, seed=0, **changes):
    """A method before its first step, and its untrained network, in float64."""
    method = make("elrcmr", **changes)
    torch.manual_seed(seed)
    model = method.build(dims, CLASSES).double()
    method.before_training(model, data, None)
    method.memory_ = {view: memory.double() for view, memory in method.memory_.items()}
    return method, model


@pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
@pytest.mark.parametrize("iteration", [0, 7])
def test_loss_equals_the_formula(dims, iteration):
    given = split(8, 0, dims)
    given.labels["text"][:] = np.roll(given.labels["text"], 1)
    data = batch_of(given)
    method, model = ready(data, dims, lama=0.7, zeta=0.05, beta=0.8, temperature=0.6, balance_steps=1.5)
    for view, memory in method.memory_.items():
        memory += 0.9 * drawn(8, CLASSES, seed=len(view)).softmax(1)
    before = {view: memory.clone() for view, memory in method.memory_.items()}
    terms = method.loss(data, model, Step(0, 1, iteration, 10))
    clustering = early = within = 0.0
    embeddings = {view: z.detach() for view, z in model(data.views).items()}
    for view, z in embeddings.items():
        scores = (z @ model.prototypes).detach()
        clustering += robust_clustering(scores, data.labels[view], 0.6).item()
        p = (scores / 0.6).softmax(1)
        early += slow_early_learning(p, 0.9 * before[view] + 0.1 * p)
        within += slow_contrast(z, scores.argmax(1).tolist(), 0.6)
    between = contrastive(list(embeddings.values()), 0.6).item()
    b = 0.8 * (1 - math.exp(-5 * (1 - (iteration + 1) / 15) ** 2))
    expected = {"clustering": clustering, "early_learning": early, "within": within, "contrastive": between}
    expected["total"] = b * (clustering + 0.7 * early) + (1 - b) * (0.05 * within + between)
    assert {name: term.item() for name, term in terms.items()} == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("iteration", "expected"),
    [
        (0, 0.75 * (1 - math.exp(-5 * (1 - 1 / 3000) ** 2))),
        (1499, 0.75 * (1 - math.exp(-5 / 4))),
        (2199, 0.75 * (1 - math.exp(-5 * (800 / 3000) ** 2))),
        (2999, 0.0),
        (4000, 0.0),
    ],
    ids=["t = 1", "t = T / 2", "last step on Wikipedia", "t = T", "beyond T"],
)
def test_balance_falls_from_beta_to_nothing(iteration, expected):
    """Read from the total, which is linear in b_t; 2200 iterations and T = 3000 as on Wikipedia."""
    data = batch_of(split(8, 0))
    method, model = ready(data, beta=0.75, balance_steps=3000 / 2200)
    terms = method.loss(data, model, Step(0, 100, iteration, 2200))
    supervised = terms["clustering"] + method.lama * terms["early_learning"]
    contrast = method.zeta * terms["within"] + terms["contrastive"]
    assert ((terms["total"] - contrast) / (supervised - contrast)).item() == pytest.approx(expected, abs=1e-12)


def test_the_default_block_has_the_papers_balance_on_wikipedia():
    assert make("elrcmr").balance_steps * 2200 == pytest.approx(3000, rel=1e-3)


def test_the_update_free_epoch_counts_where_evaluation_writes_the_memory():
    """22 steps an epoch: the first step is the 23rd."""
    data = batch_of(split(8, 0))
    one, model = ready(data, beta=0.5)
    other, _ = ready(data, beta=0.5, memory_in_evaluation=True)
    late, early = one.loss(data, model, Step(0, 100, 22, 2200)), other.loss(data, model, Step(0, 100, 0, 2200))
    assert early["total"].item() == pytest.approx(late["total"].item(), abs=1e-12)


def test_memory_moves_a_tenth_of_the_way_before_it_is_used():
    data = batch_of(split(8, 0))
    method, model = ready(data)
    p = {view: model.class_scores(z).detach().softmax(1) for view, z in model(data.views).items()}
    for memory in method.memory_.values():
        assert torch.equal(memory, torch.zeros(8, CLASSES, dtype=torch.float64))
    for seen in (1, 2, 3):
        terms = method.loss(data, model, Step(0, 1, 0, 1))
        early = 0.0
        for view, memory in method.memory_.items():
            torch.testing.assert_close(memory, (1 - 0.9**seen) * p[view], rtol=0, atol=1e-12)
            assert not memory.requires_grad
            early += slow_early_learning(p[view], memory)
        assert terms["early_learning"].item() == pytest.approx(early, abs=1e-12)


def test_no_gradient_flows_through_the_memory():
    data = batch_of(split(8, 0))
    method, model = ready(data)
    (ours,) = torch.autograd.grad(method.loss(data, model, Step(0, 1, 0, 1))["early_learning"], [model.prototypes])
    p = {view: model.class_scores(z).softmax(1) for view, z in model(data.views).items()}
    fixed = sum(early_learning(rows, 0.1 * rows.detach()) for rows in p.values())
    torch.testing.assert_close(ours, *torch.autograd.grad(fixed, [model.prototypes]), rtol=0, atol=1e-12)


def test_only_the_samples_of_the_batch_are_remembered():
    data = batch_of(split(8, 0))
    method, model = ready(data)
    rows = torch.tensor([6, 1, 3])
    method.loss(data.take(rows), model, Step(0, 1, 0, 1))
    p = {view: model.class_scores(z).detach().softmax(1) for view, z in model(data.views).items()}
    for view, memory in method.memory_.items():
        met = memory.sum(1) > 0
        assert met.nonzero().flatten().tolist() == [1, 3, 6]
        torch.testing.assert_close(memory[rows], 0.1 * p[view][rows])


def test_predictions_are_kept_away_from_0_and_1():
    """Scores of +-100: p is 0 or 1, its clamped form 1e-4 or 1 - 1e-4, and the memory sums to 1 again."""
    data = batch_of(split(8, 0))
    method, model = ready(data, temperature=0.001)
    terms = method.loss(data, model, Step(0, 1, 0, 1))
    p = {v: (model.class_scores(z).detach() / 0.001).softmax(1) for v, z in model(data.views).items()}
    early = 0.0
    for view, memory in method.memory_.items():
        assert p[view].max() > 1 - 1e-5
        clamped = p[view].clamp(1e-4, 1 - 1e-4)
        torch.testing.assert_close(memory, 0.1 * clamped / clamped.sum(1, keepdim=True), rtol=0, atol=1e-12)
        torch.testing.assert_close(memory.sum(1), torch.full((8,), 0.1, dtype=torch.float64))
        early += slow_early_learning(clamped, memory)
    assert terms["early_learning"].item() == pytest.approx(early, abs=1e-12)


def test_each_view_has_a_memory_of_its_own():
    method = make("elrcmr")
    fit_in_place(method, split(40, 0, THREE), None)
    assert list(method.memory_) == list(THREE)
    memories = list(method.memory_.values())
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert memories[one].shape == (40, CLASSES)
        assert not torch.allclose(memories[one], memories[other], atol=1e-3)


def test_three_views_from_fit_to_transform():
    method = make("elrcmr")
    fitted = fit_in_place(method, split(40, 0, THREE), split(20, 1, THREE))
    embeddings = fitted.at(LAST_EPOCH).transform(split(10, 2, THREE).views)
    assert {view: z.shape for view, z in embeddings.items()} == dict.fromkeys(THREE, (10, 8))


def test_the_memory_goes_by_place_and_has_one_for_every_validation_sample():
    """Neither split need be numbered without gaps; training samples go by their place."""
    train, valid = split(20, 0), split(10, 1)
    train.index[:] = 2 * np.arange(20) + 5
    valid.index[:] = 3 * np.arange(10) + 20
    method = make("elrcmr")
    fit_in_place(method, train, valid)
    for memory in method.memory_.values():
        assert len(memory) == 48
        assert (memory.sum(1) > 0).nonzero().flatten().tolist() == list(range(20))
    evaluated = make("elrcmr", memory_in_evaluation=True)
    fit_in_place(evaluated, train, valid)
    for memory in evaluated.memory_.values():
        assert (memory.sum(1) > 0).nonzero().flatten().tolist() == sorted({*range(20), *valid.index.tolist()})


def test_validation_and_transform_leave_the_memory_alone():
    train, valid = split(20, 0), split(30, 1)
    method = make("elrcmr")
    fitted = fit_in_place(method, train, valid)
    alone = make("elrcmr")
    fit_in_place(alone, train, None)
    for view, memory in method.memory_.items():
        assert torch.equal(memory[:20], alone.memory_[view])
        assert not memory[20:].any()
    before = {view: memory.clone() for view, memory in method.memory_.items()}
    fitted.at(LAST_EPOCH).transform(valid.views)
    fitted.suspicion()
    assert all(torch.equal(method.memory_[view], memory) for view, memory in before.items())


def test_evaluation_writes_the_memory_where_that_is_asked():
    """Every batch is the whole split and no weight moves. Updates: the update-free epoch, its evaluation on both
    splits, then for each epoch a step and, but for the last, the evaluation after it."""
    train, valid, epochs = split(20, 0), split(30, 1), 3
    changes = {"batch_size": 20, "epochs": epochs, "learning_rate": STILL, "memory_in_evaluation": True}
    method = make("elrcmr", **changes)
    fitted = fit_in_place(method, train, valid)
    for view, memory in method.memory_.items():
        p, q = (
            fitted.model.class_scores(fitted.model.encode(view, torch.tensor(data.views[view]))).softmax(1).detach()
            for data in (train, valid)
        )
        expected = torch.zeros(30, CLASSES)
        expected[:20] = 0.1 * p
        for _ in range(epochs):
            expected[:20] = 0.9 * expected[:20] + 0.1 * p
            expected = 0.9 * expected + 0.1 * q
            expected[:20] = 0.9 * expected[:20] + 0.1 * p
        torch.testing.assert_close(memory, expected)
    before = {view: memory.clone() for view, memory in method.memory_.items()}
    fitted.at(LAST_EPOCH).transform(valid.views)
    assert all(torch.equal(method.memory_[view], memory) for view, memory in before.items())


def test_evaluation_of_no_validation_split_writes_the_training_samples():
    train = split(20, 0)
    changes = {"batch_size": 20, "epochs": 3, "learning_rate": STILL}
    for evaluated, updates in ((True, 7), (False, 3)):
        method = make("elrcmr", **changes, memory_in_evaluation=evaluated)
        fit_in_place(method, train, None)
        for memory in method.memory_.values():
            torch.testing.assert_close(memory.sum(1), torch.full((20,), 1 - 0.9**updates))


def test_encoders_shrink_between_steps_and_prototypes_do_not():
    """40 samples in batches of 16 over 2 epochs: 6 steps, 5 times between them."""
    changes = {"learning_rate": STILL, "shrinking_weights": True}
    method = make("elrcmr", **changes)
    fitted = fit_in_place(method, split(40, 0), None)
    still = make("elrcmr", learning_rate=STILL).fit(split(40, 0), None, run())
    for name, weights in still.model.state_dict().items():
        factor = 1.0 if name == "prototypes" else FADES**5
        torch.testing.assert_close(fitted.model.state_dict()[name], factor * weights, rtol=1e-6, atol=1e-7)
    assert abs(FADES - 0.9999546) < 1e-7


def test_shrinking_touches_encoders_alone(monkeypatch):
    monkeypatch.setattr(PrototypeNetwork, "normalise_prototypes", lambda self: None)
    method, model = ready(batch_of(split(8, 0)), shrinking_weights=True)
    before = {name: weights.clone() for name, weights in model.state_dict().items()}
    method.before_step(model, Step(0, 1, 1, 2))
    for name, weights in model.state_dict().items():
        torch.testing.assert_close(weights, before[name] * (1.0 if name == "prototypes" else FADES), rtol=1e-8, atol=0)


def test_nothing_shrinks_before_the_first_step_or_by_default():
    data = batch_of(split(8, 0))
    for shrinking, iteration in ((True, 0), (False, 0), (False, 1)):
        method, model = ready(data, shrinking_weights=shrinking)
        before = [weights.clone() for weights in model.encoders.parameters()]
        method.before_step(model, Step(0, 1, iteration, 2))
        assert all(torch.equal(a, b) for a, b in zip(before, model.encoders.parameters(), strict=True))


def test_evaluation_writes_the_memory_once_an_epoch_before_its_first_step():
    """40 samples in batches of 16: three steps an epoch, each of the two epochs begins with evaluations."""
    events = []

    class Watched(ELRCMR):
        def _remember(self, view, index, probabilities):
            if view == "image":
                events.append(len(index))
            return super()._remember(view, index, probabilities)

    given = settings("elrcmr", memory_in_evaluation=True)
    Watched(**given).fit(split(40, 0), split(21, 1), run())
    assert events == [40, 40, 21, 16, 16, 8, 40, 21, 16, 16, 8]


def test_prototypes_are_unit_at_every_step():
    seen = []

    class Watched(ELRCMR):
        def loss(self, batch, model, step):
            seen.append(model.prototypes.detach().clone())
            return super().loss(batch, model, step)

    Watched(**settings("elrcmr", variant="authors_code", learning_rate=0.1)).fit(split(40, 0), None, run())
    assert len(seen) == 2 * 3
    for prototypes in seen:
        torch.testing.assert_close(prototypes.norm(dim=0), torch.ones(CLASSES + 1))


def test_the_authors_code_differs_by_a_spare_prototype_the_memory_and_the_weights():
    method = make("elrcmr", variant="authors_code")
    assert (method.spare_prototypes, method.memory_in_evaluation, method.shrinking_weights) == (1, True, True)
    plain = make("elrcmr")
    assert (plain.spare_prototypes, plain.memory_in_evaluation, plain.shrinking_weights) == (0, False, False)


def test_a_single_sample_has_finite_gradients():
    data = batch_of(split(8, 0))
    method, model = ready(data)
    method.loss(data.take(torch.tensor([2])), model, Step(0, 1, 0, 1))["total"].backward()
    assert all(torch.isfinite(weights.grad).all() for weights in model.parameters())
