"""The bounded loss and its contrast against their formulas, pair by pair."""

import math

import pytest
import torch
from torch.nn import functional as F

from pipeline.learning.losses.q_contrast import bounded, q_contrast


def drawn(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def slow_bounded(p, q):
    return (1 - q) * (1 - p**q) / q + q * (1 - p)


def slow_contrast(embeddings, temperature, q, within=True):
    points = [(view, i, z) for view, rows in enumerate(embeddings) for i, z in enumerate(rows)]
    total = 0.0
    for view, i, z in points:
        pair = rest = 0.0
        for other, j, candidate in points:
            if (other, j) == (view, i) or (not within and other == view):
                continue
            weight = math.exp(float(z @ candidate) / temperature)
            pair, rest = (pair + weight, rest) if j == i else (pair, rest + weight)
        p = pair / (pair + rest)
        total += slow_bounded(p, q)
    return 2 * total / len(points)


@pytest.mark.parametrize("q", [0.01, 0.5, 1.0])
def test_bounded_loss_equals_the_formula(q):
    p = torch.tensor([1e-6, 0.2, 0.7, 1.0], dtype=torch.float64)
    expected = [slow_bounded(value, q) for value in p.tolist()]
    assert bounded(p.log(), q).tolist() == pytest.approx(expected, abs=1e-12)


def test_bounded_loss_lies_between_cross_entropy_and_mean_absolute_error():
    p = torch.tensor([0.01, 0.3, 0.9], dtype=torch.float64)
    torch.testing.assert_close(bounded(p.log(), 1e-9), -p.log())
    torch.testing.assert_close(bounded(p.log(), 1.0), 1 - p)


@pytest.mark.parametrize("views", [2, 3])
@pytest.mark.parametrize("within", [True, False])
@pytest.mark.parametrize(("temperature", "q"), [(1.0, 0.01), (0.3, 0.7), (0.7, 0.5), (0.7, 1.0)])
def test_contrast_equals_the_formula(views, temperature, q, within):
    embeddings = [F.normalize(drawn(5, 4, seed=view)) for view in range(views)]
    value = q_contrast(embeddings, temperature, q, within)
    assert value.item() == pytest.approx(slow_contrast(embeddings, temperature, q, within), abs=1e-10)
    leaves = [z.requires_grad_() for z in embeddings]
    assert torch.autograd.gradcheck(lambda *z: q_contrast(z, temperature, q, within), leaves)
