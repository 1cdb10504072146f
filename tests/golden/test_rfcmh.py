"""RFCMH's losses against values that the authors' code gives in the warm-up and after it."""

import pytest
import torch

from pipeline.learning.loop import Step
from pipeline.learning.losses.q_contrast import q_contrast
from pipeline.methods.rfcmh import RFCMH, FuzzyNetwork, admissibility, reliability
from tests.support.golden import assert_agrees, batch, load

GOLDEN = load("rfcmh")
VIEWS = ("image", "text")
EMBEDDINGS = {view: GOLDEN[f"embeddings_{view}"] for view in VIEWS}
EPOCHS = 150
at_each_epoch = pytest.mark.parametrize(("position", "epoch"), list(enumerate(GOLDEN["epochs"].tolist())))


class Given(FuzzyNetwork):
    """Embeddings are the features."""

    def encode(self, view, x):
        return x


def network():
    size, classes = GOLDEN["directions"].shape
    model = Given(dict.fromkeys(VIEWS, size), classes, [], size)
    model.directions = GOLDEN["directions"]
    return model


def method():
    return RFCMH(
        epochs=EPOCHS,
        batch_size=9,
        learning_rate=1e-4,
        hidden=[8],
        embedding=8,
        alpha=GOLDEN["alpha"].item(),
        warm_up=GOLDEN["warm_up_epochs"].item() / EPOCHS,
        objective="code",
    )


@pytest.mark.parametrize("view", VIEWS)
def test_memberships_and_admissibility(view):
    scores = network().class_scores(EMBEDDINGS[view])
    assert_agrees(scores.exp(), GOLDEN[f"memberships_{view}"])
    ours = admissibility(scores.softmax(1), GOLDEN["labels"], GOLDEN["rivals"].item(), even=False)
    assert_agrees(ours, GOLDEN[f"admissibility_{view}"])


def test_weights():
    mean = (GOLDEN["admissibility_image"] + GOLDEN["admissibility_text"]) / 2
    ours = reliability(mean, GOLDEN["labels"], GOLDEN["temperature"].item(), standardise=True)
    assert_agrees(ours, GOLDEN["weights"])


def test_contrast():
    ours = q_contrast(list(EMBEDDINGS.values()), GOLDEN["temperature"].item(), GOLDEN["q"].item(), within=True)
    assert_agrees(ours, GOLDEN["intra"][0])


@at_each_epoch
def test_terms_total_and_gradients(position, epoch):
    drawn = batch(EMBEDDINGS, dict.fromkeys(VIEWS, GOLDEN["labels"]))
    terms = method().loss(drawn, network(), Step(epoch, EPOCHS, 40 * epoch, 40 * EPOCHS))
    assert_agrees(terms["supervision"].detach(), (GOLDEN["admissibility_loss"] + GOLDEN["margin"])[position])
    for name in ("intra", "inter", "total"):
        assert_agrees(terms[name].detach(), GOLDEN[name][position])
    terms["total"].backward()
    for view in VIEWS:
        assert_agrees(drawn.views[view].grad, GOLDEN[f"gradient_embeddings_{view}"][position])


def test_easy_samples_samples_of_one_label_and_a_negative_pair_occur():
    first, second = (EMBEDDINGS[view].tanh() for view in VIEWS)
    similarity = first @ second.T
    own = similarity.diagonal()
    assert 0 < (similarity < own[:, None] - 0.2).sum() < similarity.numel()
    assert (own < 0).any()
    assert len(torch.unique(GOLDEN["labels"])) < len(own)
