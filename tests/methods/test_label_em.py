"""Witnesses of a hidden class: the equations against slow references, and planted labels that must be found again."""

import math

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from pipeline.methods.base.label_em import (
    STEPS,
    expectation,
    free_errors,
    joint_opinion,
    likelihood,
    pool,
    reconsider,
    recover,
    symmetric,
    truthfulness,
    uniform_errors,
)
from pipeline.methods.base.soft_regression import LANDMARKS, GaussianFeatures, SoftRegression, principal

CPU = torch.device("cpu")
CLASSES = 4


def planted(size=600, seed=0, views=2, pull=1.5, classes=CLASSES):
    """Classes, and views whose samples lie around class means of their own."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(classes, size=size)
    means = [pull * rng.standard_normal((classes, 6)) for _ in range(views)]
    return truth, {f"view{v}": (m[truth] + rng.standard_normal((size, 6))).astype("f4") for v, m in enumerate(means)}


def noisy(truth, matrix, seed):
    """Labels drawn from the row of the true class."""
    rng = np.random.default_rng(seed)
    edges = np.cumsum(matrix, axis=1)[truth]
    return np.minimum((rng.random(len(truth))[:, None] > edges).sum(axis=1), len(matrix) - 1)


def uniform(p, classes=CLASSES):
    return symmetric(p, classes).numpy()


def flip(p, classes=CLASSES):
    """Wrong labels are all of the next class."""
    return p * np.eye(classes) + (1 - p) * np.roll(np.eye(classes), 1, axis=1)


def judged(views, labels, classes=CLASSES, seed=0, **changes):
    settings = {"rounds": 10, "folds": 5, "penalties": [1e-3]} | changes
    return recover(views, labels, classes, **settings, generator=torch.Generator().manual_seed(seed), device=CPU)


def drawn(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def probabilities(*shape, seed=0):
    return torch.softmax(drawn(*shape, seed=seed), dim=1)


@pytest.mark.parametrize("classes", [2, 4, 10])
@pytest.mark.parametrize("p", [0.3, 0.6, 0.95, 1.0])
def test_two_witnesses_solve_the_agreement_equation(classes, p):
    """Labels built so that they agree as often as the equation says, up to rounding to whole samples."""
    if p <= 1 / classes:
        pytest.skip("no better than chance")
    size = 100_000
    agreement = p**2 + (1 - p) ** 2 / (classes - 1)
    first = np.arange(size) % classes
    second = np.where(np.arange(size) < round(agreement * size), first, (first + 1) % classes)
    result = truthfulness({"a": first, "b": second}, classes)
    assert result == pytest.approx({"a": p, "b": p}, abs=1e-4)
    assert result["a"] ** 2 + (1 - result["a"]) ** 2 / (classes - 1) == pytest.approx(agreement, abs=1e-4)


def test_three_witnesses_tell_who_lies():
    truth, _ = planted(20_000)
    rates = {"a": 0.9, "b": 0.6, "c": 0.4}
    labels = {name: noisy(truth, uniform(p), seed) for seed, (name, p) in enumerate(rates.items())}
    assert truthfulness(labels, CLASSES) == pytest.approx(rates, abs=0.03)


def test_a_useless_third_witness_leaves_what_the_other_two_say():
    """Which of the two is the better one is then not told."""
    truth, _ = planted(20_000)
    rates = {"a": 0.9, "b": 0.6, "c": 1 / CLASSES}
    labels = {name: noisy(truth, uniform(p), seed) for seed, (name, p) in enumerate(rates.items())}
    result = truthfulness(labels, CLASSES)
    assert result["c"] == pytest.approx(1 / CLASSES, abs=0.01)
    printed, planned = (math.prod((CLASSES * p[name] - 1) / (CLASSES - 1) for name in "ab") for p in (result, rates))
    assert printed == pytest.approx(planned, abs=0.02)


def test_agreement_by_chance_tells_nothing():
    rng = np.random.default_rng(0)
    assert truthfulness({"a": rng.integers(4, size=500), "b": rng.integers(4, size=500)}, 4) is None
    assert truthfulness({"a": np.arange(40) % 4, "b": (np.arange(40) + 1) % 4}, 4) is None


def test_expectation_equals_a_loop():
    opinion = probabilities(7, CLASSES).log()
    transitions = [probabilities(CLASSES, CLASSES, seed=seed) for seed in (1, 2)]
    given = [torch.tensor([0, 1, 2, 3, 0, 1, 2]), torch.tensor([3, 1, 0, 3, 2, 2, 2])]
    q = expectation(opinion, transitions, given)
    total = 0.0
    for i in range(7):
        joint = [
            math.exp(float(opinion[i, y]))
            * math.prod(float(t[y, g[i]]) for t, g in zip(transitions, given, strict=True))
            for y in range(CLASSES)
        ]
        total += math.log(sum(joint))
        assert q[i].tolist() == pytest.approx([value / sum(joint) for value in joint])
    assert likelihood(opinion, transitions, given) == pytest.approx(total)


def test_joint_opinion_equals_a_loop():
    first, second, q = (probabilities(5, CLASSES, seed=seed) for seed in range(3))
    result = joint_opinion([first.log(), second.log()], q).exp()
    prior = q.mean(dim=0)
    for i in range(5):
        row = [float(first[i, y] * second[i, y] / prior[y]) for y in range(CLASSES)]
        assert result[i].tolist() == pytest.approx([value / sum(row) for value in row])


def test_errors_equal_a_loop():
    q, given = probabilities(9, CLASSES), torch.arange(9) % CLASSES
    mean = np.mean([float(q[i, given[i]]) for i in range(9)])
    assert uniform_errors(q, given).numpy() == pytest.approx(uniform(mean))
    counts = np.full((CLASSES, CLASSES), 1 / CLASSES)
    for i in range(9):
        counts[:, given[i]] += q[i].numpy()
    assert free_errors(q, given).numpy() == pytest.approx(counts / counts.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("penalty", [1e-3, 1e-1])
def test_regression_equals_scikit_learn_on_weighted_copies(penalty):
    """A soft label is K copies of the sample, one per class, with its probabilities as weights."""
    truth, views = planted(60)
    x = views["view0"] * 7 + 3
    q = probabilities(60, CLASSES) + 2 * torch.nn.functional.one_hot(torch.tensor(truth))
    q = q / q.sum(dim=1, keepdim=True)
    fold = torch.arange(60) % 2
    result = SoftRegression(principal(torch.tensor(x)), fold, CLASSES, penalty).fit(q, 3000).exp().numpy()
    scaled = x.astype(float) - x.mean(axis=0, dtype=float)
    scaled /= np.sqrt((scaled**2).sum(axis=1).mean())
    for held_out in (0, 1):
        seen = np.flatnonzero(fold.numpy() != held_out)
        reference = LogisticRegression(C=1 / (penalty * len(seen)), tol=1e-10, max_iter=10_000)
        copies, classes = np.repeat(seen, CLASSES), np.tile(np.arange(CLASSES), len(seen))
        reference.fit(scaled[copies], classes, sample_weight=q[seen].numpy().ravel())
        rows = np.flatnonzero(fold.numpy() == held_out)
        np.testing.assert_allclose(result[rows], reference.predict_proba(scaled[rows]), atol=1e-4)


@pytest.mark.parametrize(("folds", "own"), [(5, False), (1, True)])
def test_only_a_single_fold_lets_a_sample_judge_itself(folds, own):
    x = torch.tensor(planted(50)[1]["view0"])
    fold = torch.arange(50) % folds
    q = probabilities(50, CLASSES)
    other = q.clone()
    other[7] = q[7].flip(0)
    before, after = (SoftRegression(principal(x), fold, CLASSES, 1e-2).fit(target, 50) for target in (q, other))
    changed = (before != after).any(dim=1)
    assert bool(changed[7]) == own
    assert bool(changed[fold == fold[7]].any()) == own
    if folds > 1:
        assert changed[fold != fold[7]].any()


@pytest.mark.parametrize("scale", [1e-3, 1e4])
@pytest.mark.parametrize("kernel", [False, True])
def test_the_unit_of_the_features_does_not_count(scale, kernel):
    fold, q = torch.arange(50) % 5, probabilities(50, CLASSES)
    result = []
    for factor in (1.0, scale):
        x = torch.tensor(planted(50)[1]["view0"]) * factor
        features = GaussianFeatures(x, torch.Generator().manual_seed(0))(x) if kernel else x
        result.append(SoftRegression(principal(features), fold, CLASSES, 1e-2).fit(q, 30))
    np.testing.assert_allclose(*result, atol=2e-3)


def test_gaussian_features_have_the_products_of_the_kernel():
    x = drawn(30, 5).float()
    z = GaussianFeatures(x, torch.Generator().manual_seed(0))(x).double()
    distances = np.array([[float((a - b).square().sum()) for b in x] for a in x])
    unit = np.sort(distances.ravel())[(distances.size - 1) // 2]
    np.testing.assert_allclose(z @ z.T, np.exp(-distances / unit), atol=1e-3)


def test_landmarks_come_near_the_kernel():
    x = drawn(LANDMARKS + 200, 2).float()
    z = GaussianFeatures(x, torch.Generator().manual_seed(0))(x).double()
    assert z.shape[1] <= LANDMARKS
    distances = torch.cdist(x, x).square()
    landmarks = x[torch.randperm(len(x), generator=torch.Generator().manual_seed(0))[:LANDMARKS]]
    unit = torch.cdist(landmarks, landmarks).square().median()
    errors = (z @ z.T - (-distances / unit).exp()).abs()
    assert errors.mean() < 1e-5
    assert errors.max() < 0.1


@pytest.mark.parametrize("kernel", [False, True])
def test_a_view_that_never_changes_predicts_the_prior(kernel):
    q = probabilities(40, CLASSES)
    x = torch.ones(40, 3)
    x = GaussianFeatures(x, torch.Generator().manual_seed(0))(x) if kernel else x
    result = SoftRegression(principal(x), torch.zeros(40, dtype=torch.int64), CLASSES, 1e-2).fit(q, 300)
    np.testing.assert_allclose(result.exp(), q.mean(dim=0).expand(40, -1), atol=1e-4)


@pytest.mark.parametrize("views", [2, 3])
@pytest.mark.parametrize("p", [0.8, 0.5])
def test_planted_classes_are_recovered_from_uniform_noise(views, p):
    truth, x = planted(800, views=views)
    labels = {name: noisy(truth, uniform(p), seed) for seed, name in enumerate(x)}
    result = judged(x, labels)
    assert result.certain
    assert not result.full
    assert np.mean(result.posterior.argmax(axis=1) == truth) > 0.93
    np.testing.assert_allclose(result.posterior.sum(axis=1), 1)
    error = math.sqrt(p * (1 - p) / 800)
    for name, q in result.reliability.items():
        assert abs(q - np.mean(labels[name] == truth)) < 2 * error
        np.testing.assert_allclose(result.transition[name], uniform(q))


def test_witnesses_of_different_reliability_are_told_apart():
    truth, x = planted(800)
    result = judged(x, {"view0": noisy(truth, uniform(0.9), 0), "view1": noisy(truth, uniform(0.4), 1)})
    assert result.reliability["view0"] == pytest.approx(0.9, abs=0.05)
    assert result.reliability["view1"] == pytest.approx(0.4, abs=0.05)


def test_structured_noise_gets_full_transitions():
    truth, x = planted(800)
    result = judged(x, {name: noisy(truth, flip(0.6), seed) for seed, name in enumerate(x)})
    assert result.full
    assert np.mean(result.posterior.argmax(axis=1) == truth) > 0.95
    for matrix in result.transition.values():
        np.testing.assert_allclose(matrix, flip(0.6), atol=0.08)


@pytest.mark.parametrize("classes", [2, CLASSES])
@pytest.mark.parametrize("p", [1.0, 0.8, 0.65])
def test_the_reliability_of_a_single_witness_is_left_to_the_features(classes, p):
    truth, x = planted(800, pull=2.5, classes=classes)
    label = noisy(truth, uniform(p, classes), 0)
    result = judged(x, dict.fromkeys(x, label), classes, rounds=20)
    assert result.certain
    assert result.reliability["view0"] == result.reliability["view1"] == pytest.approx(p, abs=0.06)
    assert np.mean(result.posterior.argmax(axis=1) == truth) > 0.94


def test_a_single_witness_is_uncertain_where_the_features_hardly_tell_the_classes():
    """Then EM believes too much of what it starts from."""
    truth, x = planted(800, pull=0.5, classes=10)
    label = noisy(truth, uniform(0.4, 10), 0)
    result = judged(x, dict.fromkeys(x, label), 10)
    assert result.penalty is not None
    assert not result.certain
    assert np.mean(label == truth) < result.reliability["view0"] - 0.1


@pytest.mark.parametrize("classes", [CLASSES, 10])
@pytest.mark.parametrize("p", [1.0, 0.9, 0.6])
def test_a_good_witness_beside_a_random_one_is_heard(classes, p):
    """They agree by chance, so that agreement tells nothing of either."""
    truth, x = planted(800, classes=classes)
    rng = np.random.default_rng(1)
    labels = {"view0": noisy(truth, uniform(p, classes), 3), "view1": rng.integers(classes, size=800)}
    assert truthfulness(labels, classes) is None
    result = judged(x, labels, classes)
    assert np.mean(result.posterior.argmax(axis=1) == truth) > 0.98
    assert result.reliability["view0"] == pytest.approx(p, abs=0.03)
    assert result.reliability["view1"] == pytest.approx(1 / classes, abs=0.03)


def test_a_copy_of_a_witness_is_heard_once():
    truth, x = planted(800, views=3)
    one, other = (noisy(truth, uniform(0.5), seed) for seed in (1, 2))
    result = judged(x, {"view0": one, "view1": other, "view2": one})
    twice = judged(x, {"view0": one, "view1": other})
    np.testing.assert_array_equal(result.posterior, twice.posterior)
    assert list(result.reliability) == ["view0", "view1", "view2"]
    assert result.reliability["view2"] == result.reliability["view0"] == pytest.approx(0.5, abs=0.05)


def test_the_reliability_under_full_transitions_is_the_share_of_right_labels():
    """Rare classes count for less than frequent ones."""
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(CLASSES), [500, 200, 70, 30])
    means = [4 * rng.standard_normal((CLASSES, 6)) for _ in range(2)]
    x = {f"view{v}": (m[truth] + rng.standard_normal((800, 6))).astype("f4") for v, m in enumerate(means)}
    matrix = flip(0.6)
    matrix[0] = [0.95, 0.05, 0, 0]
    labels = {name: noisy(truth, matrix, seed) for seed, name in enumerate(x)}
    result = judged(x, labels)
    assert result.full
    for name, p in result.reliability.items():
        right = np.mean(labels[name] == truth)
        assert p == pytest.approx(right, abs=0.02)
        assert abs(result.transition[name].diagonal().mean() - right) > 0.05


def test_random_labels_are_given_back():
    _, x = planted(300)
    rng = np.random.default_rng(5)
    labels = {name: rng.integers(CLASSES, size=300) for name in x}
    result = judged(x, labels)
    assert not result.certain
    rows = np.arange(300)
    for name in x:
        assert (result.posterior[rows, labels[name]] >= 0.5).all()
    alone = judged(x, dict.fromkeys(x, labels["view0"]))
    assert not alone.certain
    assert np.isfinite(alone.posterior).all()
    assert np.mean(alone.posterior.argmax(axis=1) == labels["view0"]) > 0.8


def test_features_that_say_nothing_leave_the_evidence_of_the_labels():
    truth, _ = planted(600)
    views = {name: drawn(600, 6, seed=seed).float().numpy() for seed, name in enumerate(("view0", "view1"))}
    labels = {name: noisy(truth, uniform(0.7), seed) for seed, name in enumerate(views)}
    result, alone = judged(views, labels), judged(views, labels, rounds=0)
    np.testing.assert_array_equal(result.posterior, alone.posterior)
    assert result.reliability == alone.reliability
    assert not result.certain


def test_no_rounds_read_labels_only():
    truth, x = planted(400)
    labels = {name: noisy(truth, uniform(0.7), seed) for seed, name in enumerate(x)}
    result = judged(x, labels, rounds=0)
    other = judged({name: -rows for name, rows in x.items()}, labels, rounds=0)
    np.testing.assert_array_equal(result.posterior, other.posterior)
    p = truthfulness(labels, CLASSES)
    matrices = [symmetric(value, CLASSES) for value in p.values()]
    given = [torch.tensor(y) for y in labels.values()]
    expected = expectation(torch.zeros(400, CLASSES, dtype=torch.float64), matrices, given)
    np.testing.assert_allclose(result.posterior, expected)


def test_the_penalty_is_chosen_by_labels_that_its_classifiers_did_not_see():
    truth, x = planted(300, pull=0.7)
    labels = {name: noisy(truth, uniform(0.6), seed) for seed, name in enumerate(x)}
    penalties = [1e-6, 1e-2, 10.0]
    result = judged(x, labels, penalties=penalties)
    transitions = [symmetric(p, CLASSES) for p in truthfulness(labels, CLASSES).values()]
    given = [torch.tensor(y) for y in labels.values()]
    alone = expectation(torch.zeros(300, CLASSES, dtype=torch.float64), transitions, given)
    generator = torch.Generator().manual_seed(0)
    fold = torch.randperm(300, generator=generator) % 5
    features = [GaussianFeatures(torch.tensor(rows), generator)(torch.tensor(rows)) for rows in x.values()]
    scores = []
    for penalty in penalties:
        opinions = [SoftRegression(principal(rows), fold, CLASSES, penalty).fit(alone, STEPS) for rows in features]
        scores.append(likelihood(joint_opinion(opinions, alone), transitions, given))
    assert result.penalty == penalties[int(np.argmax(scores))] == 1e-2
    assert result.posterior.tolist() == judged(x, labels, penalties=[1e-2]).posterior.tolist()


def test_same_folds_same_bits():
    truth, x = planted(200)
    labels = {name: noisy(truth, uniform(0.6), seed) for seed, name in enumerate(x)}
    one, again, other = judged(x, labels), judged(x, labels), judged(x, labels, seed=1)
    np.testing.assert_array_equal(one.posterior, again.posterior)
    assert not np.array_equal(one.posterior, other.posterior)


def test_pool_gives_a_view_that_knows_nothing_no_weight():
    """One view knows the class, the other is sure of something that has nothing to do with it."""
    truth, _ = planted(2000)
    printed = noisy(truth, uniform(0.5), 1)
    good = 3 * torch.nn.functional.one_hot(torch.tensor(truth), CLASSES).double() + 0.5 * drawn(2000, CLASSES)
    opinions = [good.log_softmax(1), (5 * drawn(2000, CLASSES, seed=1)).log_softmax(1)]
    q, given, transitions = probabilities(2000, CLASSES), [torch.tensor(printed)], [symmetric(0.5, CLASSES)]

    def right(opinion):
        return np.mean(opinion.argmax(1).numpy() == truth)

    pooled = pool(opinions, q, transitions, given)
    torch.testing.assert_close(pooled.exp().sum(dim=1), torch.ones(2000, dtype=torch.float64))
    assert right(joint_opinion(opinions, q)) < 0.8
    assert right(pooled) > 0.95
    assert likelihood(pooled, transitions, given) > likelihood(joint_opinion(opinions, q), transitions, given)


def test_pool_explains_the_labels_as_well_as_any_weights_on_a_grid():
    truth, _ = planted(400)
    given, transitions = [torch.tensor(noisy(truth, uniform(0.6), 1))], [symmetric(0.6, CLASSES)]
    hidden = torch.nn.functional.one_hot(torch.tensor(truth), CLASSES).double()
    opinions = [(c * hidden + drawn(400, CLASSES, seed=s)).log_softmax(1) for s, c in enumerate((2.0, 1.0))]
    q = probabilities(400, CLASSES)
    prior = q.mean(dim=0).log()
    best = max(
        likelihood((prior + a * (opinions[0] - prior) + b * (opinions[1] - prior)).log_softmax(1), transitions, given)
        for a in np.linspace(0, 1, 21)
        for b in np.linspace(0, 1, 21)
    )
    assert likelihood(pool(opinions, q, transitions, given), transitions, given) > best - 0.1


def test_better_classifiers_change_the_verdict_and_the_reliability():
    truth, views = planted(600, pull=0.7)
    printed = noisy(truth, uniform(0.5), 1)
    labels = dict.fromkeys(views, printed)
    before = judged(views, labels)
    better = 4 * torch.nn.functional.one_hot(torch.tensor(truth), CLASSES).double() + drawn(600, CLASSES)
    after = reconsider(before, [better.log_softmax(1)] * 2, labels)
    assert np.mean(before.posterior.argmax(1) == truth) < np.mean(after.posterior.argmax(1) == truth)
    assert after.reliability["view0"] == after.reliability["view1"]
    assert after.reliability["view0"] == pytest.approx(np.mean(printed == truth), abs=0.03)
    assert (after.certain, after.full) == (before.certain, before.full)


def test_what_was_left_as_given_stays_so():
    rng = np.random.default_rng(1)
    _, views = planted(400)
    labels = {view: rng.integers(CLASSES, size=400) for view in views}
    before = judged(views, labels)
    assert reconsider(before, [probabilities(400, CLASSES).log()] * 2, labels) is before
