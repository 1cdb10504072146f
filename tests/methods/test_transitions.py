"""How labels go wrong, from agreement or from a first classifier's confident samples."""

import numpy as np
import pytest
import torch

from pipeline.core.criteria import LAST_EPOCH
from pipeline.learning.loop import Step
from pipeline.methods.base.label_em import symmetric, truthfulness
from pipeline.methods.base.transitions import confident_transition, wrong_share
from pipeline.methods.forward import Forward
from tests.support.paired import CLASSES, DIMS, THREE, batch_of, make, relabelled, run, settings, split

METHODS = ("co_teaching", "forward")


def drawn(rows, classes):
    return torch.randn(rows, classes, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).softmax(1)


def one_label(size=200, share=0.6, pull=3.0):
    """Pairs with one label each, a share of them drawn anew, and the true ones."""
    clean = split(size, 0, pull=pull)
    noisy = relabelled(clean, 4, share=share)
    noisy.labels["text"][:] = noisy.labels["image"]
    return noisy, clean


@pytest.mark.parametrize("rows", [1, 40, 200])
def test_the_most_confident_below_the_97th_percentile_speaks_for_its_class(rows):
    probabilities = drawn(rows, 4)
    for k, row in enumerate(confident_transition(probabilities)):
        column = sorted(probabilities[:, k].tolist(), reverse=True)
        outliers = rows - int(np.ceil(0.97 * (rows - 1)))
        assert row[k].item() == column[min(outliers, rows - 1)]
        assert any(torch.equal(row, sample) for sample in probabilities)


def test_the_most_confident_of_all_speaks_where_a_class_is_as_small_as_the_outliers():
    probabilities = drawn(200, 40)
    for k, row in enumerate(confident_transition(probabilities)):
        assert row[k] == probabilities[:, k].max()


def test_the_share_of_wrong_labels_is_what_is_off_the_diagonal():
    assert wrong_share(torch.eye(3)) == 0
    assert wrong_share(symmetric(0.7, 3)) == pytest.approx(0.3)
    assert wrong_share(torch.tensor([[0.9, 0.1], [0.5, 0.5]])) == pytest.approx(0.3)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
def test_where_views_agree_the_transitions_are_symmetric_as_agreement_gives_them(name, dims):
    train = relabelled(split(300, 0, dims), 4, share=0.6)
    transitions, certain = make(name).estimate(train, run())
    assert certain
    for view, truth in truthfulness(train.labels, CLASSES).items():
        torch.testing.assert_close(transitions[view], symmetric(truth, CLASSES).float())


@pytest.mark.parametrize("name", METHODS)
def test_one_label_per_pair_is_no_agreement_but_a_first_classifier_tells(name):
    train, clean = one_label()
    method = make(name, epochs=10, learning_rate=0.01, temperature=0.3)
    fitted = method.fit(train, None, run())
    wrong = np.mean(train.labels["image"] != clean.labels["image"])
    assert not fitted.label_noise().certain
    for share in fitted.label_noise().wrong.values():
        assert share == pytest.approx(wrong, abs=0.15)


@pytest.mark.parametrize("name", METHODS)
def test_transitions_of_a_first_classifier_are_distributions_of_each_view(name):
    train, _ = one_label()
    transitions, _ = make(name, spare_prototypes=1).estimate(train, run())
    assert list(transitions) == list(DIMS)
    for transition in transitions.values():
        assert transition.shape == (CLASSES, CLASSES)
        torch.testing.assert_close(transition.sum(1), torch.ones(CLASSES))
    assert not torch.equal(*transitions.values())


@pytest.mark.parametrize("name", METHODS)
def test_with_the_identity_the_loss_is_cross_entropy(name):
    """Also late in the run; on all samples, for which the first classifier is trained."""
    data = batch_of(relabelled(split(9, 0), 3))
    method = make(name, temperature=0.3)
    torch.manual_seed(0)
    model = method.build(DIMS, CLASSES).double()
    method.before_training(model, data, None)
    method.transitions_ = dict.fromkeys(DIMS, torch.eye(CLASSES))
    expected = sum(
        torch.nn.functional.cross_entropy(model.class_scores(z) / 0.3, data.labels[view])
        for view, z in model(data.views).items()
    )
    if name == "co_teaching":
        method.peer_ = method.peer_.double()
        value = method.loss(data, model, Step(9, 10, 9, 10))["network"]
    else:
        value = sum(method.loss(data, model, Step(9, 10, 9, 10)).values())
    assert value.item() == pytest.approx(expected.item(), abs=1e-6)


def test_the_first_classifier_changes_nothing_of_the_training_but_the_transitions():
    """The same weights and batches follow it as without it."""
    train, _ = one_label(60)
    given, _ = make("forward").estimate(train, run())

    class Told(Forward):
        def estimate(self, train, run):
            return given, False

    told = Told(**settings("forward"))
    one, other = (method.fit(train, None, run()).at(LAST_EPOCH).state() for method in (make("forward"), told))
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


@pytest.mark.parametrize("name", METHODS)
def test_the_first_classifier_is_of_the_epoch_that_held_out_labels_surprise_least(name):
    """Not of the last one, which knows the noisy labels by heart and would find no noise in them."""
    train, clean = one_label(150, share=0.7, pull=1.0)
    method = make(name, epochs=30, learning_rate=0.03, temperature=0.1)
    transitions, _ = method.estimate(train, run())
    wrong = np.mean(train.labels["image"] != clean.labels["image"])
    assert all(wrong_share(t) > wrong / 2 for t in transitions.values())
