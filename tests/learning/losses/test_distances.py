"""Distances against sums written out, and their gradients."""

import math

import pytest
import torch

from pipeline.learning.losses.distances import label_distance, mean_distance


def drawn(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def slow(first, second):
    rows = zip(first.tolist(), second.tolist(), strict=True)
    distances = [math.sqrt(sum((a - b) ** 2 for a, b in zip(row, other, strict=True))) for row, other in rows]
    return sum(distances) / len(distances)


def test_mean_distance_equals_the_sum_written_out():
    one, other = drawn(7, 5), drawn(7, 5, seed=1)
    assert mean_distance(one, other).item() == pytest.approx(slow(one, other))


def test_label_distance_is_that_to_one_hot_rows():
    scores, labels = drawn(6, 4), torch.tensor([0, 3, 2, 2, 1, 0])
    rows = torch.zeros(6, 4)
    for row, label in enumerate(labels.tolist()):
        rows[row, label] = 1
    assert label_distance(scores, labels).item() == pytest.approx(slow(scores, rows))


def test_gradients():
    one, other, labels = drawn(6, 4).requires_grad_(), drawn(6, 4, seed=1).requires_grad_(), torch.arange(6) % 4
    assert torch.autograd.gradcheck(mean_distance, [one, other])
    assert torch.autograd.gradcheck(lambda scores: label_distance(scores, labels), [one])


def test_a_distance_of_0_has_a_finite_gradient():
    rows = torch.eye(3).requires_grad_()
    mean_distance(rows, torch.eye(3)).backward()
    assert torch.equal(rows.grad, torch.zeros(3, 3))
    exact = torch.eye(3).requires_grad_()
    label_distance(exact, torch.arange(3)).backward()
    assert torch.equal(exact.grad, torch.zeros(3, 3))
