"""NIRNL's losses, parts and barycentres against what the authors' code gives."""

import pytest
import torch

from pipeline.learning.loop import Step
from pipeline.methods.nirnl import NIRNL, PARTS, BarycentreNetwork, class_means, margin_ranking, neighbours_agree
from tests.support.golden import assert_agrees, batch, load

GOLDEN = load("nirnl")
VIEWS = ("image", "text")
EMBEDDINGS = {view: GOLDEN[f"embeddings_{view}"] for view in VIEWS}
CLASSES, WIDTH = GOLDEN["barycentres"].shape
MARGIN = GOLDEN["margin"].item()
DIAGONAL = 2 * MARGIN / len(GOLDEN["labels"])
"""What the authors' hinge adds for i = j, whatever the embeddings are."""


class Given(BarycentreNetwork):
    """Embeddings are the features."""

    def encode(self, view, x):
        return x


def test_ranking():
    assert_agrees(margin_ranking(list(EMBEDDINGS.values()), MARGIN) + DIAGONAL, GOLDEN["ranking"])


@pytest.mark.parametrize("part", PARTS)
def test_total_of_a_part_and_its_gradients(part):
    alpha = GOLDEN["alpha"].item()
    method = NIRNL(epochs=1, batch_size=9, learning_rate=1e-4, hidden=[], embedding=WIDTH, alpha=alpha, margin=MARGIN)
    method.part_ = part
    model = Given(dict.fromkeys(VIEWS, WIDTH), CLASSES, [], WIDTH)
    model.barycentres = GOLDEN["barycentres"]
    drawn = batch(EMBEDDINGS, dict.fromkeys(VIEWS, GOLDEN["labels"]))
    total = method.loss(drawn, model, Step(0, 1, 0, 1))["total"]
    assert_agrees(total.detach() + alpha * DIAGONAL, GOLDEN[f"total_{part}"])
    total.backward()
    for view in VIEWS:
        assert_agrees(drawn.views[view].grad, GOLDEN[f"gradient_{part}_{view}"])


def test_parts():
    neighbours = GOLDEN["neighbours"].item()
    labels = GOLDEN["all_labels"]
    agreeing = [neighbours_agree(GOLDEN[f"all_embeddings_{view}"], labels, CLASSES, neighbours) for view in VIEWS]
    assert torch.equal(torch.stack(agreeing).sum(dim=0), GOLDEN["agreeing"])


def test_sinkhorn_barycentres_lie_within_a_hundredth_of_the_means():
    """The authors' iterations stop there."""
    stacked = torch.cat([GOLDEN[f"all_embeddings_{view}"] for view in VIEWS])
    means = class_means(stacked, GOLDEN["all_labels"].repeat(2), CLASSES)
    assert (means - GOLDEN["sinkhorn_barycentres"]).norm(dim=1).max() < 0.0101
