"""Equations 2-4 of MRL, written out sample by sample, against the vectorised loss."""

import math

import pytest
import torch

from pipeline.learning.losses.robust_clustering import robust_clustering

LABELS = torch.tensor([0, 3, 2, 2, 1, 0])


def drawn_scores(spread=1.0):
    return spread * torch.randn(6, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def reference(scores, labels, temperature):
    total = 0.0
    for row, label in zip(scores.tolist(), labels.tolist(), strict=True):
        weights = [math.exp(score / temperature) for score in row]
        total += math.log(1 - weights[label] / sum(weights))
    return total / len(labels)


@pytest.mark.parametrize("temperature", [1.0, 0.3])
def test_equals_the_equation(temperature):
    scores = drawn_scores()
    value = float(robust_clustering(scores, LABELS, temperature))
    assert value == pytest.approx(reference(scores, LABELS, temperature), abs=1e-10)


def test_falls_as_the_label_becomes_likelier():
    scores = drawn_scores()
    likelier = scores.clone()
    likelier[range(6), LABELS] += 0.5
    assert robust_clustering(likelier, LABELS, 1.0) < robust_clustering(scores, LABELS, 1.0) < 0


def test_gradient_of_the_score_is_minus_p():
    """d log(1 - p_y) / d s_y = -p_y: a sample that fits badly hardly pulls, which is what makes the loss robust."""
    scores = drawn_scores().requires_grad_()
    robust_clustering(scores, LABELS, 1.0).backward()
    p = scores.detach().softmax(1)[range(6), LABELS]
    torch.testing.assert_close(scores.grad[range(6), LABELS], -p / 6, rtol=0, atol=1e-12)
    assert torch.autograd.gradcheck(lambda s: robust_clustering(s, LABELS, 0.7), [drawn_scores().requires_grad_()])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_no_logarithm_of_zero(dtype):
    """Logits of 1e4: p_y is 1 for the first sample and 0 for the second, in any floating-point type."""
    scores = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]], dtype=dtype, requires_grad=True)
    value = robust_clustering(scores, torch.tensor([0, 0]), 1e-4)
    assert value.item() == pytest.approx((math.log(2) - 1e4) / 2, rel=1e-6)
    value.backward()
    assert torch.isfinite(scores.grad).all()
