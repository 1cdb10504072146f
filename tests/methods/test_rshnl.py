"""RSHNL against its formulas written out sample by sample."""

import math

import numpy as np
import pytest
import torch

from pipeline.core.criteria import LAST_EPOCH
from pipeline.learning.loop import Step
from pipeline.learning.losses.q_contrast import bounded
from pipeline.methods.rshnl import self_paced_weights
from tests.learning.losses.test_q_contrast import slow_bounded, slow_contrast
from tests.support.paired import CLASSES, DIMS, THREE, batch_of, fit_in_place, make, relabelled, run, split

EPOCHS, WARM_UP = 10, 5


def drawn(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def slow_centres(scores, labels, q, gamma):
    """sum_v w l + gamma (w^2 / 2 - w), its mean over samples; w = 1 without the second term where gamma is None."""
    total = 0.0
    for view, given in labels.items():
        for i, label in enumerate(given.tolist()):
            losses = {}
            for other, rows in scores.items():
                weights = [math.exp(score) for score in rows[i].tolist()]
                losses[other] = slow_bounded(weights[label] / sum(weights), q)
            if gamma is None:
                total += losses[view] / len(given)
            else:
                w = max(0.0, 1 - sum(losses.values()) / gamma)
                total += (w * losses[view] + gamma * (w**2 / 2 - w) / len(scores)) / len(given)
    return total


def test_weights_minimise_the_self_paced_objective():
    gamma, grid = 2.0, torch.linspace(0, 1, 1001, dtype=torch.float64)
    difficulty = torch.tensor([0.0, 0.5, 1.9, 2.0, 7.0], dtype=torch.float64, requires_grad=True)
    weights = self_paced_weights(difficulty, gamma)
    objective = grid * difficulty.detach()[:, None] + gamma * (grid**2 / 2 - grid)
    torch.testing.assert_close(weights, grid[objective.argmin(dim=1)], atol=1e-3, rtol=0)
    assert not weights.requires_grad


@pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
@pytest.mark.parametrize(("epoch", "gamma"), [(WARM_UP - 1, None), (WARM_UP, 2.2)])
def test_loss_is_the_sum_of_two_terms(dims, epoch, gamma):
    data = split(8, 0, dims)
    data.labels["text"][:] = np.roll(data.labels["text"], 1)
    method = make("rshnl", epochs=EPOCHS, warm_up=WARM_UP / EPOCHS, alpha=0.3, gamma=2.2)
    torch.manual_seed(0)
    model = method.build(dims, CLASSES).double()
    batch = batch_of(data)
    terms = method.loss(batch, model, Step(epoch, EPOCHS, epoch, EPOCHS))
    embeddings = {view: z.detach() for view, z in model(batch.views).items()}
    scores = {view: model.class_scores(z).detach() for view, z in embeddings.items()}
    centres = slow_centres(scores, batch.labels, method.q, gamma)
    contrast = slow_contrast(list(embeddings.values()), method.temperature, method.q)
    expected = {"centres": centres, "contrastive": contrast, "total": centres + 0.3 * contrast}
    assert {name: term.item() for name, term in terms.items()} == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("epochs", "warm_up", "first"), [(150, 0.0333, 5), (30, 0.2, 6), (10, 0.0, 0), (4, 1.0, None)])
def test_the_warm_up_is_a_share_of_the_run(epochs, warm_up, first):
    """With a tiny gamma all weights are 0, so that the term of the centres vanishes when they come in."""
    method, data = make("rshnl", epochs=epochs, warm_up=warm_up, gamma=1e-6), batch_of(split(8, 0))
    model = method.build(DIMS, CLASSES).double()
    terms = [method.loss(data, model, Step(epoch, epochs, epoch, epochs))["centres"].item() for epoch in range(epochs)]
    assert next((epoch for epoch, term in enumerate(terms) if term == 0), None) == first


def test_class_codes_start_apart():
    """Their last layer is wide enough for that: with PyTorch's own initial weights they point the same way."""
    torch.manual_seed(0)
    model = make("rshnl", hidden=[256, 256], embedding=128).build(DIMS, CLASSES)
    codes = model.class_scores(torch.eye(128)).T
    torch.testing.assert_close(codes.norm(dim=1), torch.ones(CLASSES))
    assert (codes @ codes.T).fill_diagonal_(0).max() < 0.9


def test_wrong_labels_end_up_with_less_weight_than_right_ones():
    clean = split(200, 0)
    noisy = relabelled(clean, 5, share=0.4)
    method = make("rshnl", epochs=15, learning_rate=0.003, gamma=3.0, warm_up=0.2)
    fitted = fit_in_place(method, noisy, None)
    scores = fitted.at(LAST_EPOCH).class_scores(clean.views)
    log_p = [torch.tensor(rows).log_softmax(dim=1) for rows in scores.values()]
    for view, given in noisy.labels.items():
        labels = torch.tensor(given)
        difficulty = torch.stack([bounded(rows.gather(1, labels[:, None])[:, 0], method.q) for rows in log_p]).sum(0)
        weights = self_paced_weights(difficulty, method.gamma).numpy()
        wrong = given != clean.labels[view]
        assert weights[wrong].mean() < 0.5 * weights[~wrong].mean()


def test_three_views_from_fit_to_transform():
    fitted = make("rshnl").fit(split(40, 0, THREE), split(20, 1, THREE), run())
    embeddings = fitted.at(LAST_EPOCH).transform(split(10, 2, THREE).views)
    assert {view: z.shape for view, z in embeddings.items()} == dict.fromkeys(THREE, (10, 8))
    for z in embeddings.values():
        np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1, rtol=1e-5)
