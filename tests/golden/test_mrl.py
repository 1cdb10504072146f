"""MRL's losses against values that the authors' code gives."""

import pytest

from pipeline.learning.loop import Step
from pipeline.learning.losses.contrastive import contrastive
from pipeline.learning.losses.robust_clustering import robust_clustering
from pipeline.methods.mrl import MRL
from tests.support.golden import Given, assert_agrees, batch, load

GOLDEN = load("mrl")
VIEWS = ("image", "text")
EMBEDDINGS = {view: GOLDEN[f"embeddings_{view}"] for view in VIEWS}
LABELS = {view: GOLDEN[f"labels_{view}"] for view in VIEWS}
at_each_temperature = pytest.mark.parametrize(
    ("position", "temperature"), list(enumerate(GOLDEN["temperatures"].tolist()))
)


@at_each_temperature
@pytest.mark.parametrize("view", VIEWS)
def test_robust_clustering(view, position, temperature):
    ours = robust_clustering(EMBEDDINGS[view] @ GOLDEN["prototypes"], LABELS[view], temperature)
    assert_agrees(ours, GOLDEN[f"clustering_{view}"][position])


@at_each_temperature
def test_contrast_is_the_sum_of_two_equal_halves(position, temperature):
    rows, columns = GOLDEN["contrastive_rows"][position], GOLDEN["contrastive_columns"][position]
    assert_agrees(rows, columns)
    ours = contrastive(list(EMBEDDINGS.values()), temperature)
    assert_agrees(ours, 2 * rows)
    assert_agrees(ours, GOLDEN["contrastive"][position])


@at_each_temperature
def test_total_and_its_gradients(position, temperature):
    method = MRL(
        epochs=1,
        batch_size=7,
        learning_rate=1e-4,
        hidden=[8],
        embedding=16,
        beta=GOLDEN["beta"].item(),
        temperature=temperature,
    )
    model = Given(GOLDEN["prototypes"])
    drawn = batch(EMBEDDINGS, LABELS)
    total = method.loss(drawn, model, Step(0, 1, 0, 1))["total"]
    assert_agrees(total.detach(), GOLDEN["total"][position])
    total.backward()
    for view in VIEWS:
        assert_agrees(drawn.views[view].grad, GOLDEN[f"gradient_embeddings_{view}"][position])
    assert_agrees(model.prototypes.grad, GOLDEN["gradient_prototypes"][position])
