"""Equations 6-7 of MRL, written out sample by sample, against the vectorised loss."""

import math

import pytest
import torch
from torch.nn import functional as F

from pipeline.learning.losses.contrastive import contrastive


def unit_views(views, size, seed=0):
    drawn = torch.randn(views, size, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    return list(F.normalize(drawn, dim=2))


def probability(embeddings, view, i, temperature, columns=False):
    """P(i | z_i^view): the share of its own pair among all embeddings but itself; columns swaps who is compared."""
    own = everything = 0.0
    for other, rows in enumerate(embeddings):
        for j, candidate in enumerate(rows):
            if (other, j) == (view, i):
                continue
            left, right = (candidate, embeddings[view][i]) if columns else (embeddings[view][i], candidate)
            closeness = math.exp(float(left @ right) / temperature)
            everything += closeness
            own += closeness if j == i else 0.0
    return own / everything


def double_sum(embeddings, temperature, columns=False):
    """The sum over samples and views of -log P, as in equation 7 before it is divided."""
    return sum(
        -math.log(probability(embeddings, view, i, temperature, columns))
        for i in range(len(embeddings[0]))
        for view in range(len(embeddings))
    )


@pytest.mark.parametrize("temperature", [1.0, 0.2])
def test_two_views_give_the_papers_sum(temperature):
    embeddings = unit_views(2, 6)
    expected = double_sum(embeddings, temperature) / 6
    assert float(contrastive(embeddings, temperature)) == pytest.approx(expected, abs=1e-10)


def test_row_and_column_halves_are_equal_and_add_up():
    embeddings = unit_views(2, 5, seed=3)
    rows, columns = (double_sum(embeddings, 0.5, half) / (2 * 5) for half in (False, True))
    assert rows == pytest.approx(columns, abs=1e-12)
    assert float(contrastive(embeddings, 0.5)) == pytest.approx(rows + columns, abs=1e-10)


def test_three_views():
    embeddings = unit_views(3, 4)
    expected = 2 * double_sum(embeddings, 0.7) / (3 * 4)
    assert float(contrastive(embeddings, 0.7)) == pytest.approx(expected, abs=1e-10)


def test_a_sample_is_no_candidate_for_itself():
    one_pair = unit_views(2, 1)
    assert float(contrastive(one_pair, 1.0)) == pytest.approx(0, abs=1e-12)


def test_order_of_views_and_samples_does_not_matter():
    embeddings = unit_views(3, 5)
    value = contrastive(embeddings, 1.0)
    shuffled = [rows[[3, 1, 4, 0, 2]] for rows in embeddings[::-1]]
    torch.testing.assert_close(contrastive(shuffled, 1.0), value, rtol=0, atol=1e-12)


@pytest.mark.parametrize("views", [2, 3])
def test_gradients_are_those_of_finite_differences(views):
    embeddings = [rows.requires_grad_() for rows in unit_views(views, 3)]
    assert torch.autograd.gradcheck(lambda *rows: contrastive(rows, 0.8), embeddings)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_extreme_logits_stay_finite(dtype):
    """Each pair is opposite and each stranger identical: P = exp(-2 / 1e-4) underflows, its logarithm does not."""
    image = torch.tensor([[1.0, 0.0], [-1.0, 0.0]], dtype=dtype, requires_grad=True)
    text = (-image.detach()).requires_grad_()
    value = contrastive([image, text], 1e-4)
    assert value.item() == pytest.approx(2 * 2e4, rel=1e-6)
    value.backward()
    assert all(torch.isfinite(rows.grad).all() for rows in (image, text))
