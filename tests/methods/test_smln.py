"""SMLN: its graph written out entry by entry, its spectrum by scipy, and what its objective rewards."""

import math

import numpy as np
import pytest
import scipy.linalg
import torch
from torch.nn import functional as F

from pipeline.core.criteria import LAST_EPOCH
from pipeline.core.errors import Diverged
from pipeline.core.runs import Need
from pipeline.learning.loop import Step
from pipeline.methods.smln import balanced, nearest_neighbours, similarity, spectrum
from tests.support.paired import CLASSES, DIMS, THREE, batch_of, make, project, run, split

RIDGE = 1e-2


def drawn(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def slow_neighbours(x, count):
    joined = np.zeros((len(x), len(x)))
    for i, row in enumerate(x):
        others = sorted((j for j in range(len(x)) if j != i), key=lambda j: float(((x[j] - row) ** 2).sum()))
        for j in others[:count]:
            joined[i, j] = joined[j, i] = 1
    return joined


def slow_similarity(views, labels, eta, neighbours):
    size = len(views[0])
    weights = np.zeros((len(views) * size, len(views) * size))
    near = [slow_neighbours(x, neighbours) for x in views]
    for a in range(len(views)):
        for b in range(len(views)):
            for i in range(size):
                for j in range(size):
                    if (a, i) == (b, j):
                        continue
                    pair = float(i == j)
                    label = float(labels[a][i] == labels[b][j])
                    weights[a * size + i, b * size + j] = pair + label + (eta * near[a][i, j] if a == b else 0)
    return weights


def slow_spectrum(h, weights, ridge):
    degree = np.diag(weights.sum(axis=1))
    inner = h.T @ degree @ h + ridge * np.trace(degree) * np.eye(h.shape[1])
    return scipy.linalg.eigh(h.T @ weights @ h, inner, eigvals_only=True)


def graph(dims=DIMS, size=9, eta=0.4, neighbours=2):
    """A graph in which the views of a sample do not share their label, and its parts."""
    data = split(size, 0, dims)
    data.labels["text"][:] = np.roll(data.labels["text"], 1)
    batch = batch_of(data)
    views, labels = list(batch.views.values()), list(batch.labels.values())
    return similarity(views, labels, eta, neighbours), views, labels


@pytest.mark.parametrize("count", [1, 3, 50])
def test_neighbours_are_those_nearest_to_either(count):
    x = drawn(8, 3)
    np.testing.assert_array_equal(nearest_neighbours(x, count), slow_neighbours(x.numpy(), count))


@pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
@pytest.mark.parametrize("eta", [0.0, 0.4])
def test_the_graph_is_pairs_labels_and_neighbours(dims, eta):
    weights, views, labels = graph(dims, eta=eta)
    assert weights.dtype == torch.float64
    expected = slow_similarity([x.numpy() for x in views], [y.tolist() for y in labels], eta, 2)
    np.testing.assert_allclose(weights, expected, atol=1e-12)
    assert (weights == weights.T).all()
    assert not weights.diagonal().any()


@pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
def test_spectrum_is_that_of_the_generalised_problem(dims):
    weights = graph(dims)[0]
    h = F.normalize(drawn(len(weights), 4))
    expected = slow_spectrum(h.numpy(), weights.numpy(), RIDGE)
    np.testing.assert_allclose(spectrum(h, weights, RIDGE), expected, atol=1e-10)
    torch.testing.assert_close(spectrum(h.float(), weights, RIDGE), spectrum(h, weights, RIDGE), atol=1e-5, rtol=0)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("width", [1, 4, 30])
def test_eigenvalues_lie_within_minus_1_and_1(seed, width):
    weights, _, _ = graph()
    values = spectrum(100 * drawn(18, width, seed=seed), weights, 1e-9)
    assert values.shape == (width,)
    assert values.abs().max() <= 1 + 1e-9


def test_outputs_that_tell_the_parts_of_the_graph_reach_1():
    labels = torch.arange(12) % 3
    weights = similarity([drawn(12, 4), drawn(12, 3, seed=1)], [labels, labels], 0.0, 1)
    values = spectrum(F.one_hot(labels, 3).double().repeat(2, 1), weights, 1e-9)
    torch.testing.assert_close(values, torch.ones(3).double(), atol=1e-7, rtol=0)


@pytest.mark.parametrize("offset", [0.01, 1.0])
def test_loss_is_minus_the_mean_logarithm(offset):
    values = torch.tensor([0.0, 0.2, 0.9], dtype=torch.float64)
    expected = -sum(math.log(value + offset) for value in values.tolist()) / 3
    assert balanced(values, offset).item() == pytest.approx(expected, abs=1e-12)


def test_below_0_the_logarithm_goes_on_as_its_tangent():
    assert balanced(torch.tensor([-0.3], dtype=torch.float64), 0.1).item() == pytest.approx(
        -math.log(0.1) + 3, abs=1e-12
    )
    values = (torch.arange(-200, 201, dtype=torch.float64) / 200).requires_grad_()
    (slope,) = torch.autograd.grad(balanced(values, 0.1), [values])
    assert (slope < 0).all()
    assert (slope.diff() >= -1e-12).all()
    torch.testing.assert_close(slope[values <= 0] * 401, torch.full((201,), -10.0, dtype=torch.float64))


def test_small_eigenvalues_are_raised_harder():
    values = torch.tensor([0.1, 0.5, 0.9], dtype=torch.float64, requires_grad=True)
    slope = torch.autograd.grad(balanced(values, 0.01), [values])[0].tolist()
    assert slope[0] < slope[1] < slope[2] < 0


def test_gradient_is_that_of_finite_differences():
    weights, _, _ = graph(size=6)
    h = drawn(12, 3).requires_grad_()
    assert torch.autograd.gradcheck(lambda rows: balanced(spectrum(rows, weights, RIDGE), 0.1), [h])


def degenerate():
    labels = (torch.arange(18) % 9) % CLASSES
    return {
        "equal eigenvalues": F.one_hot(labels, 3).double(),
        "all alike": torch.ones(18, 4).double(),
        "zero": torch.zeros(18, 4).double(),
        "tiny": 1e-12 * drawn(18, 4),
        "more outputs than samples": drawn(18, 40),
    }


@pytest.mark.parametrize("case", degenerate())
def test_gradients_are_finite_where_the_spectrum_is_not_simple(case):
    weights, _, _ = graph()
    h = degenerate()[case].requires_grad_()
    value = balanced(spectrum(h, weights, RIDGE), 0.01)
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(h.grad).all()


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_outputs_that_are_not_finite_give_nan_and_no_error(broken):
    weights, _, _ = graph()
    h = drawn(18, 4)
    h[2, 1] = broken
    assert balanced(spectrum(h, weights, RIDGE), 0.01).isnan()


@pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
def test_the_method_puts_the_parts_together(dims):
    data = split(9, 0, dims)
    data.labels["text"][:] = np.roll(data.labels["text"], 1)
    batch, method = batch_of(data), make("smln", eta=0.3, neighbours=2, offset=0.05, ridge=0.03)
    model = method.build(dims, CLASSES).double()
    h = np.vstack([z.detach().numpy() for z in model(batch.views).values()])
    np.testing.assert_allclose(np.linalg.norm(h, axis=1), 1)
    weights = slow_similarity(
        [x.numpy() for x in batch.views.values()], [y.tolist() for y in batch.labels.values()], 0.3, 2
    )
    expected = 0.0
    for value in slow_spectrum(h, weights, 0.03):
        expected -= (math.log(value + 0.05) if value > 0 else math.log(0.05) + value / 0.05) / 8
    terms = method.loss(batch, model, Step(0, 1, 0, 1))
    assert list(terms) == ["total"]
    assert terms["total"].item() == pytest.approx(expected, abs=1e-8)


def test_training_joins_a_sample_with_its_pair_and_its_class():
    train, test = split(200, 0), split(60, 2)
    fitted = make("smln", epochs=10, batch_size=50, learning_rate=0.01).fit(train, None, run())
    z = {
        view: rows / np.linalg.norm(rows, axis=1, keepdims=True)
        for view, rows in fitted.at(LAST_EPOCH).transform(test.views).items()
    }
    same = test.labels["image"][:, None] == test.labels["text"]
    closeness = z["image"] @ z["text"].T
    assert closeness[same].mean() > closeness[~same].mean() + 0.1


def test_divergence_is_reported_as_such():
    with pytest.raises(Diverged):
        make("smln", epochs=3, learning_rate=1e38).fit(split(40, 0), split(20, 1), run())


def test_says_that_it_is_a_re_implementation():
    method = make("smln")
    assert "re-implementation" in method.display
    assert method.needs == {Need.LABELS, Need.PAIRS}
    block = project().settings("smln", "default", "emoji")
    assert block["batch_size"] > block["embedding"]
