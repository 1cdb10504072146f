"""ELRCMR's losses and memory against values that the authors' code gives over four successive steps."""

import pytest
import torch
from torch.nn import functional as F

from pipeline.learning.loop import Step
from pipeline.learning.losses.contrastive import contrastive
from pipeline.learning.losses.robust_clustering import robust_clustering
from pipeline.methods.elrcmr import ELRCMR, early_learning, same_prediction_contrast
from tests.support.golden import Given, assert_agrees, batch, load

GOLDEN = load("elrcmr")
VIEWS = ("image", "text")
STEPS = range(len(GOLDEN["index"]))
RUN = 2200
"""Iterations that the authors train on Wikipedia; their T is 3000."""


def scores(view, step):
    return GOLDEN["score_scale"][step] * GOLDEN[f"embeddings_{view}"][step] @ GOLDEN["prototypes"]


def labels(step):
    return {view: GOLDEN[f"labels_{view}"][GOLDEN["index"][step]] for view in VIEWS}


def network(step):
    return Given(GOLDEN["score_scale"][step] * GOLDEN["prototypes"])


def drawn(step):
    views = {view: GOLDEN[f"embeddings_{view}"][step] for view in VIEWS}
    return batch(views, labels(step), GOLDEN["index"][step])


@pytest.fixture
def method():
    """Before its first step, with room in the memory for all twelve samples."""
    made = ELRCMR(
        epochs=100,
        batch_size=7,
        learning_rate=1e-4,
        hidden=[8],
        embedding=8,
        lama=GOLDEN["lama"].item(),
        zeta=GOLDEN["zeta"].item(),
        beta=GOLDEN["beta"].item(),
        balance_steps=GOLDEN["ramp_length"].item() / RUN,
    )
    size = len(GOLDEN["labels_image"])
    empty = torch.zeros(size, GOLDEN["prototypes"].shape[0], dtype=torch.float64)
    everything = batch(dict.fromkeys(VIEWS, empty), {view: GOLDEN[f"labels_{view}"] for view in VIEWS})
    made.before_training(network(0), everything, None)
    made.memory_ = {view: memory.double() for view, memory in made.memory_.items()}
    return made


def step_of(iteration):
    """The authors count iterations from 1."""
    return Step(0, 100, int(iteration) - 1, RUN)


def test_the_arrays_hold_what_they_are_meant_to_show():
    met = [set(rows) for rows in GOLDEN["index"].tolist()]
    assert all(any(one & other for other in met[:step]) for step, one in enumerate(met) if step)
    for view in VIEWS:
        assert any((row == row[:, None]).sum(1).min() == 1 for row in GOLDEN[f"predicted_{view}"])
        assert F.softmax(scores(view, STEPS[-1]), dim=1).min() < 1e-4


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("step", STEPS)
def test_terms_of_one_view(view, step):
    given = scores(view, step)
    clustering = robust_clustering(given, labels(step)[view], 1.0)
    assert_agrees(clustering, GOLDEN[f"clustering_{view}"][step])
    probabilities = F.softmax(given, dim=1).clamp(1e-4, 1 - 1e-4)
    memory = GOLDEN[f"memory_{view}"][step][GOLDEN["index"][step]]
    both = clustering + GOLDEN["lama"] * early_learning(probabilities, memory)
    assert_agrees(both, GOLDEN[f"clustering_and_elr_{view}"][step])
    assert torch.equal(given.argmax(1), GOLDEN[f"predicted_{view}"][step])
    within = same_prediction_contrast(GOLDEN[f"embeddings_{view}"][step], given.argmax(1), 1.0)
    assert_agrees(within, GOLDEN[f"intra_{view}"][step])


@pytest.mark.parametrize("step", STEPS)
def test_contrast_between_views(step):
    ours = contrastive([GOLDEN[f"embeddings_{view}"][step] for view in VIEWS], 1.0)
    rows, columns = GOLDEN["contrastive_rows"][step], GOLDEN["contrastive_columns"][step]
    assert_agrees(rows, columns)
    assert_agrees(ours, rows + columns)
    within = sum(GOLDEN[f"intra_{view}"][step] for view in VIEWS)
    assert_agrees(GOLDEN["zeta"] * within + ours, GOLDEN["contrastive_total"][step])


def test_memory_total_and_gradients_step_by_step(method):
    for step in STEPS:
        taken, model = drawn(step), network(step)
        terms = method.loss(taken, model, step_of(GOLDEN["iterations"][step]))
        terms["total"].backward()
        for view in VIEWS:
            assert_agrees(method.memory_[view], GOLDEN[f"memory_{view}"][step])
            assert_agrees(taken.views[view].grad, GOLDEN[f"gradient_embeddings_{view}"][step])
        assert_agrees(terms["total"].detach(), GOLDEN["total"][step])
        assert_agrees(GOLDEN["score_scale"][step] * model.prototypes.grad, GOLDEN["gradient_prototypes"][step])


@pytest.mark.parametrize(("position", "time"), [*enumerate(GOLDEN["ramp_times"].tolist())][1:])
def test_balance(method, position, time):
    """Read from the total: it is linear in b_t."""
    terms = method.loss(drawn(0), network(0), step_of(time))
    supervised = terms["clustering"] + method.lama * terms["early_learning"]
    contrast = method.zeta * terms["within"] + terms["contrastive"]
    balance = (terms["total"] - contrast) / (supervised - contrast)
    assert_agrees(balance.detach(), GOLDEN["beta"] * GOLDEN["ramp"][position])
