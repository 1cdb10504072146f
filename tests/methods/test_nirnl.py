"""NIRNL against its formulas, sample by sample, and what an epoch is made of."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from pipeline.core.criteria import LAST_EPOCH
from pipeline.learning.loop import Batch, Step
from pipeline.methods.nirnl import HARD, NIRNL, NOISY, PARTS, PURE, class_means, margin_ranking, neighbours_agree
from pipeline.methods.nirnl import part_loss as loss_of_part
from tests.support.paired import CLASSES, DIMS, THREE, fit_in_place, make, relabelled, run, settings, split


def drawn(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def softmax(row):
    weights = [math.exp(score) for score in row]
    return [weight / sum(weights) for weight in weights]


def slow_part_loss(part, scores, labels):
    total, size, classes = 0.0, len(scores[0]), len(scores[0][0])
    for i in range(size):
        p = [softmax(s[i].tolist()) for s in scores]
        union = [1 - math.prod(1 - row[c] for row in p) for c in range(classes)]
        for row, y in zip(p, labels, strict=True):
            if part == NOISY:
                pseudo = union.index(max(union))
                total += sum(abs((c == pseudo) - row[c]) for c in range(classes)) / size
            else:
                weight = union[int(y[i])] if part == HARD else 1
                total -= weight * math.log(row[int(y[i])]) / size
    return total


def slow_ranking(embeddings, margin):
    total, size = 0.0, len(embeddings[0])
    for a, first in enumerate(embeddings):
        for b, second in enumerate(embeddings):
            for i in range(size):
                for j in range(size):
                    if a != b and i != j:
                        total += (
                            max(0.0, float((first[i] @ second[j] - first[i] @ second[i]).detach()) + margin) / size**2
                        )
    return total


@pytest.mark.parametrize("views", [2, 3])
@pytest.mark.parametrize("part", PARTS)
def test_loss_of_a_part_equals_the_formula(part, views):
    scores = [2 * drawn(6, 4, seed=view) for view in range(views)]
    labels = [torch.tensor([0, 3, 2, 2, 1, 0]).roll(view) for view in range(views)]
    assert loss_of_part(part, scores, labels).item() == pytest.approx(slow_part_loss(part, scores, labels), abs=1e-12)


def test_the_weight_of_a_hard_sample_is_a_constant():
    """The gradient is the weighted one of the cross-entropy."""
    scores = [drawn(1, 3, seed=view).requires_grad_() for view in range(2)]
    y = torch.tensor([1])
    loss_of_part(HARD, scores, [y, y]).backward()
    p = [s.detach().softmax(dim=1) for s in scores]
    weight = 1 - (1 - p[0][0, 1]) * (1 - p[1][0, 1])
    torch.testing.assert_close(scores[0].grad, weight * (p[0] - F.one_hot(y, 3)))


@pytest.mark.parametrize("views", [2, 3])
@pytest.mark.parametrize("margin", [0.0, 0.2, 0.9])
def test_ranking_equals_the_formula(margin, views):
    embeddings = [F.normalize(drawn(7, 5, seed=view)).requires_grad_() for view in range(views)]
    value = margin_ranking(embeddings, margin)
    assert value.item() == pytest.approx(slow_ranking(embeddings, margin), abs=1e-12)
    assert torch.autograd.gradcheck(lambda *z: margin_ranking(z, margin), embeddings)


def test_a_barycentre_is_the_mean_of_its_class_and_zero_without_samples():
    z, labels = drawn(6, 3), torch.tensor([0, 3, 0, 3, 3, 1])
    means = class_means(z, labels, 5)
    for label in (0, 1, 3):
        torch.testing.assert_close(means[label], z[labels == label].mean(dim=0))
    assert not means[[2, 4]].any()


@pytest.mark.parametrize("neighbours", [1, 4, 5, 100])
def test_neighbours_vote(neighbours, monkeypatch):
    """Sample by sample, in blocks that do not divide the number of samples."""
    monkeypatch.setattr("pipeline.methods.nirnl.BLOCK", 7)
    z = F.normalize(drawn(40, 4))
    labels = torch.randint(3, (40,), generator=torch.Generator().manual_seed(1))
    expected = []
    for i in range(40):
        order = sorted((j for j in range(40) if j != i), key=lambda j: -float(z[i] @ z[j]))[:neighbours]
        votes = [sum(int(labels[j]) == c for j in order) for c in range(3)]
        expected.append(votes.index(max(votes)) == int(labels[i]))
    assert neighbours_agree(z, labels, 3, neighbours).tolist() == expected
    assert 0 < sum(expected) < 40


def watched(train, **changes):
    """A trained method, and of every optimiser step its epoch, part and samples."""
    steps = []

    class Watched(NIRNL):
        def loss(self, batch, model, position):
            steps.append((position.epoch, self.part_, batch.index.tolist()))
            return super().loss(batch, model, position)

    method = Watched(**settings("nirnl", **changes))
    return fit_in_place(method, train, None), steps


def test_the_parts_train_one_after_another_and_every_sample_once_an_epoch():
    train = relabelled(split(75, 0), 1, share=0.5)
    _, steps = watched(train, epochs=3, batch_size=16)
    for epoch in range(3):
        mine = [(part, rows) for number, part, rows in steps if number == epoch]
        assert sorted(row for _, rows in mine for row in rows) == list(range(75))
        order = [PARTS.index(part) for part, _ in mine]
        assert order == sorted(order)
        assert {part for part, _ in mine} == set(PARTS)
        sizes = {part: [len(rows) for other, rows in mine if other == part] for part in PARTS}
        assert all(size == 16 for part in PARTS for size in sizes[part][:-1])
    assert steps[0][2] != sorted(steps[0][2])


@pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
def test_a_pair_is_pure_where_all_views_agree_and_noisy_where_none_does(dims):
    train = relabelled(split(60, 0, dims), 1, share=0.5)
    method = make("nirnl")
    model = method.build(dims, CLASSES)
    data = fit_in_place(make("nirnl"), train, None).lesson.train
    views = {view: torch.tensor(x) for view, x in data.views.items()}
    labels = {view: torch.tensor(y) for view, y in data.labels.items()}
    method.before_training(model, Batch(views, labels, torch.arange(60)), None)
    method.before_step(model, Step(0, 2, 0, 8))
    agreeing = sum(
        neighbours_agree(z, labels[view], CLASSES, method.neighbours).int() for view, z in model(views).items()
    )
    for part, rows in method.batches_:
        for count in agreeing[rows].tolist():
            assert part == (PURE if count == len(dims) else HARD if count else NOISY)


def test_noisy_pairs_do_not_learn_their_labels():
    scores = [drawn(5, 4, seed=view) for view in range(2)]
    one, other = torch.tensor([0, 1, 2, 3, 0]), torch.tensor([1, 2, 3, 0, 1])
    assert loss_of_part(NOISY, scores, [one, one]) == loss_of_part(NOISY, scores, [other, other])
    assert loss_of_part(PURE, scores, [one, one]) != loss_of_part(PURE, scores, [other, other])


def test_wrong_labels_gather_in_the_noisy_part():
    clean = split(200, 0)
    train = relabelled(clean, 1, share=0.4)
    fitted, steps = watched(train, epochs=6, batch_size=50, learning_rate=0.01)
    wrong = sum((train.labels[view] != clean.labels[view]).astype(int) for view in DIMS)
    share = {}
    for part in PARTS:
        rows = [row for epoch, other, some in steps if epoch == 5 and other == part for row in some]
        share[part] = wrong[rows].mean()
    assert share[PURE] < 0.2
    assert share[PURE] < share[HARD] < share[NOISY]
    suspicion = fitted.suspicion()
    for view in DIMS:
        bad = train.labels[view] != clean.labels[view]
        assert suspicion[view][bad].mean() > suspicion[view][~bad].mean()


@pytest.mark.parametrize("variant", ["default", "shared"])
def test_class_scores_compare_with_the_barycentres_of_the_kept_state(variant):
    train = split(40, 0)
    fitted = make("nirnl", variant).fit(train, None, run())
    embedder = fitted.at(LAST_EPOCH)
    z = embedder.transform(train.views)
    stacked, labels = np.concatenate(list(z.values())), np.concatenate(list(train.labels.values()))
    means = np.stack([stacked[labels == label].mean(axis=0) for label in range(CLASSES)])
    for view, scores in embedder.class_scores(train.views).items():
        np.testing.assert_allclose(scores, z[view] @ means.T, atol=1e-5)


def test_the_rate_is_constant():
    method = make("nirnl", epochs=30)
    assert {method.learning_rate_scale(epoch, "all") for epoch in range(30)} == {1.0}
