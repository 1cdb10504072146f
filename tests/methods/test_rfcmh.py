"""RFCMH against its equations, sample by sample, in the paper's form and the code's."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from pipeline.core.criteria import LAST_EPOCH
from pipeline.learning.loop import Step
from pipeline.methods.rfcmh import (
    admissibility,
    class_directions,
    reliability,
    separation,
    separation_as_coded,
    weighted_margin,
)
from tests.learning.losses.test_q_contrast import slow_contrast
from tests.support.paired import CLASSES, DIMS, THREE, batch_of, make, relabelled, run, split

LABELS = torch.tensor([0, 3, 2, 2, 1, 0])
both_forms = pytest.mark.parametrize("variant", ["default", "authors_code"])


def drawn(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def slow_admissibility(p, labels, rivals, even):
    rows = []
    for row, y in zip(p.tolist(), labels.tolist(), strict=True):
        strongest = sorted((value for k, value in enumerate(row) if k != y), reverse=True)[:rivals]
        result = []
        for k, value in enumerate(row):
            necessity = 1 - sum(strongest) / len(strongest) if k == y else 1 - row[y]
            weight = 1 if even and k != y else rivals
            result.append((value + weight * necessity) / (1 + weight))
        rows.append(result)
    return torch.tensor(rows, dtype=torch.float64)


def slow_reliability(a, labels, temperature, standardise):
    gaps = [row[y] - max(v for k, v in enumerate(row) if k != y) for row, y in zip(a.tolist(), labels, strict=True)]
    gaps = (np.array(gaps) - np.mean(gaps)) / np.std(gaps) if standardise else np.array(gaps) - 0.05
    return 1 / (1 + np.exp(-gaps / temperature))


def slow_margin(s, labels, others, w, v):
    total = weights = 0.0
    for i, y in enumerate(labels):
        for j, other in enumerate(others):
            if i != j:
                weight = min(float(w[i]), float(v[j]))
                total += weight * max(0.0, 0.2 - (1 if y == other else -1) * float(s[i, j]))
                weights += weight
    return total / weights


def slow_separation(s, temperature):
    total, size = 0.0, len(s)
    for similarity in (s, s.T):
        for i in range(size):
            own, costs = float(similarity[i, i]), []
            for j in range(size):
                if j != i:
                    value = float(similarity[i, j])
                    costs.append(value if value > own - 0.2 else value - 1)
            total += 0.2 - own + temperature * math.log(sum(math.exp(cost / temperature) for cost in costs))
    return total / size


def slow_coded_separation(s, same):
    total, size = 0.0, len(s)
    for column in (False, True):
        for i in range(size):
            costs = []
            for j in range(size):
                value, threshold = float(s[i, j]), float(s[j, j] if column else s[i, i]) - 0.2
                cost = value if value >= threshold else value - 1
                costs.append(max(0.0, value) if i == j else 0.0 if same[i, j] else cost)
            total += 0.2 - float(s[i, i]) + math.log(sum(math.exp(cost) for cost in costs))
    return total / size


@pytest.mark.parametrize("even", [True, False])
@pytest.mark.parametrize("rivals", [1, 2, 4])
def test_admissibility_equals_equation_2(rivals, even):
    """With four rivals of the label there are only three classes left to count."""
    p = drawn(6, 4).sigmoid()
    expected = slow_admissibility(p, LABELS, rivals, even)
    torch.testing.assert_close(admissibility(p, LABELS, rivals, even), expected)


@pytest.mark.parametrize("standardise", [True, False])
def test_reliability_equals_equation_4(standardise):
    a = drawn(6, 4).sigmoid()
    expected = slow_reliability(a, LABELS.tolist(), 0.7, standardise)
    np.testing.assert_allclose(reliability(a, LABELS, 0.7, standardise).numpy(), expected, atol=1e-7)


def test_margin_equals_equation_5_as_a_mean():
    s, w, v = drawn(6, 6) / 2, drawn(6, seed=1).sigmoid(), drawn(6, seed=2).sigmoid()
    others = LABELS.roll(1)
    value = weighted_margin(s, LABELS[:, None] == others, torch.minimum(w[:, None], v))
    assert value.item() == pytest.approx(slow_margin(s, LABELS.tolist(), others.tolist(), w, v), abs=1e-12)


def test_separation_equals_equations_8_and_9():
    s = drawn(6, 6) / 2
    assert separation(s, 0.7).item() == pytest.approx(slow_separation(s, 0.7), abs=1e-12)


def test_separation_as_coded_takes_both_directions_along_rows():
    s, same = drawn(6, 6) / 2, LABELS[:, None] == LABELS
    assert separation_as_coded(s, same).item() == pytest.approx(slow_coded_separation(s, same), abs=1e-12)


@both_forms
@pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
@pytest.mark.parametrize("epoch", [1, 2])
def test_the_whole_loss_before_and_after_the_warm_up(variant, dims, epoch):
    data = split(8, 0, dims)
    data.labels["text"][:] = np.roll(data.labels["text"], 1)
    method, coded = make("rfcmh", variant, warm_up=0.02, alpha=0.3), variant == "authors_code"
    torch.manual_seed(0)
    model, given = method.build(dims, CLASSES).double(), batch_of(data)
    terms = {name: term.item() for name, term in method.loss(given, model, Step(epoch, 100, epoch, 100)).items()}
    z = {view: rows.detach() for view, rows in model(given.views).items()}
    p = {view: ((rows @ model.directions) / 0.5).sigmoid() ** 2 for view, rows in z.items()}
    if coded:
        p = {view: rows / rows.sum(dim=1, keepdim=True) for view, rows in p.items()}
    y = given.labels
    a = {view: slow_admissibility(rows, y[view], 4, even=not coded) for view, rows in p.items()}
    intra = slow_contrast(list(z.values()), 0.7, 0.01, within=coded)
    first, inter = 0.0, 0.0
    if epoch < 2:
        for view, rows in a.items():
            first += float((rows - torch.eye(CLASSES)[y[view]]).square().sum()) / 8
    else:
        mean = sum(a.values()) / len(a)
        w = {view: slow_reliability(mean, y[view].tolist(), 0.7, coded) for view in z}
        views = list(z)
        for one, other in [(u, v) for i, u in enumerate(views) for v in views[i + 1 :]]:
            u, v = (z[one].tanh(), z[other].tanh()) if coded else (z[one], z[other])
            s, cosine = u @ v.T, F.normalize(u) @ F.normalize(v).T
            first += slow_margin(cosine, y[one].tolist(), y[other].tolist(), w[one], w[other])
            same = y[one][:, None] == y[other]
            inter += slow_coded_separation(s, same) if coded else slow_separation(s, 0.7)
    total = first + 0.3 * intra + (inter if coded else 0.3 * inter)
    expected = {"supervision": first, "intra": intra, "inter": inter, "total": total}
    assert terms == pytest.approx(expected, abs=1e-6)


def test_a_doubtful_pair_pulls_and_pushes_less():
    a = torch.tensor([[0.9, 0.1, 0.1], [0.1, 0.9, 0.1]], dtype=torch.float64)
    trusted, doubtful = reliability(a, torch.tensor([0, 0]), 0.1, standardise=False).tolist()
    assert trusted > 0.99
    assert doubtful < 0.01


@pytest.mark.parametrize(("embedding", "classes"), [(8, 3), (8, 8), (4, 9)])
def test_class_directions_are_orthogonal_or_driven_apart(embedding, classes):
    torch.manual_seed(0)
    directions = class_directions(embedding, classes)
    overlap = directions.T @ directions
    torch.testing.assert_close(overlap.diagonal(), torch.ones(classes))
    apart = (overlap - torch.eye(classes)).abs()
    if classes <= embedding:
        assert apart.max() < 1e-6
    else:
        drawn_at_random = F.normalize(torch.randn(embedding, classes), dim=0)
        assert apart.square().sum() < (drawn_at_random.T @ drawn_at_random - torch.eye(classes)).square().sum()


def test_directions_stay_fixed_and_embeddings_are_real_valued():
    train = split(40, 0)
    fitted = make("rfcmh").fit(train, split(20, 1), run())
    embedder = fitted.at(LAST_EPOCH)
    directions = embedder.model.directions
    torch.testing.assert_close(directions.T @ directions, torch.eye(CLASSES))
    z = embedder.transform(train.views)
    for view, scores in embedder.class_scores(train.views).items():
        np.testing.assert_allclose(np.linalg.norm(z[view], axis=1), 1, atol=1e-5)
        assert len(np.unique(np.abs(z[view]))) > 100
        membership = (1 / (1 + np.exp(-2 * z[view] @ directions.numpy()))) ** 2
        np.testing.assert_allclose(np.exp(scores), membership, atol=1e-6)


@pytest.mark.parametrize(("epochs", "third"), [(150, 50), (30, 10)])
def test_the_rate_falls_along_a_cosine_three_times(epochs, third):
    method = make("rfcmh", epochs=epochs)
    scale = [method.own_schedule(epoch, "all") for epoch in range(epochs)]
    assert scale[0] == 1
    for number, share in enumerate((1.0, 0.7, 0.5)):
        for epoch in range(number * third + 1, min((number + 1) * third + 1, epochs)):
            done = (epoch - number * third) / third
            assert scale[epoch] == pytest.approx(share * 0.5 * (1 + math.cos(math.pi * done)))


@pytest.mark.parametrize("epochs", range(1, 40))
def test_runs_of_any_length_have_a_rate(epochs):
    method = make("rfcmh", epochs=epochs)
    assert all(0 <= method.own_schedule(epoch, "all") <= 1 for epoch in range(epochs))


@both_forms
def test_wrong_labels_are_suspicious(variant):
    clean = split(200, 0)
    train = relabelled(clean, 1, share=0.4)
    fitted = make("rfcmh", variant, epochs=8, batch_size=50, learning_rate=0.01, warm_up=0.5).fit(train, None, run())
    for view, suspicion in fitted.suspicion().items():
        wrong = train.labels[view] != clean.labels[view]
        assert suspicion[wrong].mean() > suspicion[~wrong].mean() + 0.05
