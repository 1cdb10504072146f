"""Witness: what its networks are taught, how they are averaged and read, and what it knows about the labels."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from pipeline.core.criteria import LAST_EPOCH
from pipeline.core.errors import UnknownName
from pipeline.learning.loop import Step
from pipeline.methods.base.label_em import LabelPosterior
from pipeline.methods.base.pictures import PictureEncoder
from pipeline.methods.witness import match_vector
from pipeline.retrieval.ranking import mean_average_precision
from tests.support.paired import CLASSES, DIMS, THREE, batch_of, fit_in_place, make, relabelled, run, split

STEP = Step(0, 2, 0, 8)


def probabilities(rows, seed=0):
    return torch.softmax(torch.randn(rows, CLASSES, generator=torch.Generator().manual_seed(seed)).double(), dim=1)


def fitted(noisy, variant="default", **changes):
    return make("witness", variant, **changes).fit(noisy, None, run())


def believed(result):
    """What EM makes of all views' labels together."""
    (one,) = {id(posterior): posterior for posterior in result.posteriors.values()}.values()
    return one


def probability_of_own_labels(noisy, result):
    rows = np.arange(len(noisy))
    return np.mean([believed(result).posterior[rows, y] for y in noisy.labels.values()])


def noisy_split(size=120, share=0.4, dims=None):
    clean = split(size, 0, dims)
    return clean, relabelled(clean, 3, share)


@pytest.mark.parametrize("views", [2, 3])
def test_cosine_of_match_vectors_is_the_probability_of_one_class(views):
    parts = [probabilities(5, seed) for seed in range(views)]
    vectors = [match_vector(p, slot, views) for slot, p in enumerate(parts)]
    for z in vectors:
        assert z.shape == (5, CLASSES + views)
        np.testing.assert_allclose(z.norm(dim=1), 1)
    for a in range(views):
        for b in range(a):
            np.testing.assert_allclose(vectors[a] @ vectors[b].T, parts[a] @ parts[b].T)


def test_a_sure_sample_has_no_remainder():
    assert match_vector(torch.eye(CLASSES), 1, 2).tolist() == [[*row, 0, 0] for row in torch.eye(CLASSES).tolist()]


def test_loss_is_the_cross_entropy_with_what_em_believes():
    """Every sample meets the row of its own index, whatever the order of the batch."""
    _, noisy = noisy_split(24)
    method = make("witness", dropouts=(0.0, 0.0))
    trained = fit_in_place(method, noisy, None)
    posterior = believed(trained).posterior
    model = trained.model.double().train()
    order = torch.tensor([7, 3, 20, 11])
    batch = batch_of(noisy).take(order)
    value = method.loss(batch, model, STEP)["total"]
    expected = 0.0
    for view in DIMS:
        columns = F.normalize(model.prototypes.columns.detach(), dim=0)
        for z, i in zip(model.encode(view, batch.views[view]).detach(), order.tolist(), strict=True):
            assert z.norm().item() == pytest.approx(1)
            weights = [math.exp(float(z @ columns[:, k]) / method.temperature) for k in range(CLASSES)]
            for k in range(CLASSES):
                expected -= posterior[i, k] * math.log(weights[k] / sum(weights)) / len(order)
    assert value.item() == pytest.approx(expected, rel=1e-5)


def test_gradient_reaches_encoders_and_prototypes_but_not_their_averages():
    _, noisy = noisy_split(24)
    method = make("witness")
    model = fit_in_place(method, noisy, None).model.train()
    method.loss(batch_of(noisy), model.double(), STEP)["total"].backward()
    for part in (model.encoders, model.prototypes):
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in part.parameters())
    for part in (model.mean_encoders, model.mean_prototypes):
        assert all(p.grad is None for p in part.parameters())


def test_averages_follow_the_weights_and_are_what_is_evaluated():
    method = make("witness", averaging=0.75)
    model = method.build(DIMS, CLASSES)
    live = dict(model.encoders.named_parameters()) | {"columns": model.prototypes.columns}
    expected = {name: value.detach().clone() for name, value in live.items()}
    with torch.no_grad():
        for iteration, share in ((0, 0.9), (8, 0.5), (100, 0.25)):
            for name, value in live.items():
                value.add_(1 + iteration)
                expected[name] = (1 - share) * expected[name] + share * value
            method.before_step(model, Step(0, 2, iteration, 200))
    means = dict(model.mean_encoders.named_parameters()) | {"columns": model.mean_prototypes.columns}
    for name, value in expected.items():
        torch.testing.assert_close(means[name], value)
    model.eval()
    x = torch.randn(3, DIMS["text"])
    p = F.softmax(model.mean_prototypes(F.normalize(model.mean_encoders["text"](x))), dim=1)
    torch.testing.assert_close(model.encode("text", x), match_vector(p, 1, 2))
    torch.testing.assert_close(model.class_scores(model.encode("text", x)).exp(), p)


def test_prototypes_do_not_decay():
    method = make("witness", weight_decay=0.1)
    (optimiser,) = method.optimisers(method.build(DIMS, CLASSES))
    assert isinstance(optimiser, torch.optim.AdamW)
    assert {g["name"]: g["weight_decay"] for g in optimiser.param_groups} == {"encoders": 0.1, "prototypes": 0.0}


def test_rate_goes_up_and_down_once():
    method = make("witness", epochs=20)
    rates = np.array([method.learning_rate_scale(epoch, "encoders") for epoch in range(20)])
    assert rates.min() > 0
    assert 0.9 < rates.max() <= 1
    turns = np.diff(np.sign(np.diff(rates)))
    assert np.count_nonzero(turns) == 1
    assert rates[-1] < 0.01


@pytest.mark.parametrize("dims", [DIMS, THREE])
def test_wrong_labels_are_found_and_mended(dims):
    clean, noisy = noisy_split(300, 0.6, dims)
    result = fitted(noisy)
    posterior = believed(result)
    assert posterior.certain
    truth = clean.labels["image"]
    assert np.mean(posterior.posterior.argmax(axis=1) == truth) > 0.95
    suspicion = result.suspicion()
    for view in dims:
        wrong = noisy.labels[view] != truth
        assert posterior.reliability[view] == pytest.approx(np.mean(~wrong), abs=0.05)
        assert posterior.transition[view].shape == (CLASSES, CLASSES)
        np.testing.assert_allclose(posterior.transition[view].sum(axis=1), 1)
        ranks = suspicion[view].argsort().argsort()
        auc = (ranks[wrong].mean() - ranks[~wrong].mean()) / len(truth) + 0.5
        assert auc > 0.97


def test_beliefs_go_by_place_whatever_the_index():
    _, noisy = noisy_split(40)
    shifted = replace(noisy, index=noisy.index[::-1] * 3 + 5)
    np.testing.assert_array_equal(fitted(noisy).suspicion()["text"], fitted(shifted).suspicion()["text"])


def test_labels_of_pairs_are_one_witness():
    clean, noisy = noisy_split(300, 0.5)
    posterior = believed(fitted(replace(noisy, labels=dict.fromkeys(DIMS, noisy.labels["image"]))))
    assert posterior.reliability["image"] == posterior.reliability["text"]
    assert np.mean(posterior.posterior.argmax(axis=1) == clean.labels["image"]) > 0.9


def test_variants_differ_where_they_should():
    """Data whose classes overlap, so that a regression does not find all by itself."""
    clean = split(400, 0, pull=1.2)
    noisy, test = relabelled(clean, 3, 0.5), split(50, 2, pull=1.2)
    variants = ("default", "trusting", "no_em", "in_fold", "embedding", "one_witness")
    methods = {name: fitted(noisy, name) for name in variants}
    beliefs = {name: [p.posterior for p in result.posteriors.values()] for name, result in methods.items()}
    np.testing.assert_array_equal(beliefs["embedding"], beliefs["default"])
    for name in ("trusting", "no_em", "in_fold", "one_witness"):
        assert not np.array_equal(beliefs[name], beliefs["default"])
    trust = {name: probability_of_own_labels(noisy, methods[name]) for name in ("in_fold", "default")}
    assert trust["in_fold"] > trust["default"]
    widths = {name: result.at(LAST_EPOCH).transform(test.views)["image"].shape[1] for name, result in methods.items()}
    assert {name: width == CLASSES + len(DIMS) for name, width in widths.items()} == {
        name: name != "embedding" for name in methods
    }


def test_one_witness_hears_only_its_own_view():
    _, noisy = noisy_split(200, 0.5)
    other = replace(noisy, labels={**noisy.labels, "text": np.roll(noisy.labels["text"], 7)})
    first, second = (fitted(data, "one_witness") for data in (noisy, other))
    np.testing.assert_array_equal(first.suspicion()["image"], second.suspicion()["image"])
    assert first.posteriors["image"].reliability == second.posteriors["image"].reliability
    assert not np.array_equal(first.suspicion()["text"], second.suspicion()["text"])


def test_em_helps_retrieval():
    clean = split(300, 0, pull=1.0)
    noisy, test = relabelled(clean, 3, 0.6), split(200, 2, pull=1.0)

    def score(variant):
        method = fitted(noisy, variant, epochs=10).at(LAST_EPOCH)
        return np.mean(list(mean_average_precision(method.transform(test.views), test.labels).values()))

    assert score("default") > score("no_em")


def test_networks_judge_only_samples_that_they_were_not_taught():
    """What is believed of one sample changes what networks say of others, never what they say of it."""
    data = split(60, 0)
    method = make("witness", dropouts=(0.0, 0.0))

    def opinions(believed):
        q = np.full((60, CLASSES), 1 / CLASSES)
        q[7] = np.eye(CLASSES)[believed]
        result = LabelPosterior(q, {}, {}, False, False, None)
        return method._network_opinions(data, dict.fromkeys(DIMS, result), run(), 0)

    for one, other in zip(opinions(0), opinions(1), strict=True):
        assert one.shape == (60, CLASSES)
        torch.testing.assert_close(one.exp().sum(dim=1), torch.ones(60))
        same = (one == other).all(dim=1)
        assert same[7]
        assert 20 <= int(same.sum()) <= 40


def test_network_rounds_change_what_is_believed():
    clean = split(300, 0)
    noisy = relabelled(clean, 3, 0.6)
    noisy = replace(noisy, labels=dict.fromkeys(DIMS, noisy.labels["image"]))
    once, again, never = (fitted(noisy, epochs=20, network_rounds=rounds) for rounds in (1, 1, 0))
    once, again, never = map(believed, (once, again, never))
    np.testing.assert_array_equal(once.posterior, again.posterior)
    assert not np.array_equal(once.posterior, never.posterior)
    assert np.mean(once.posterior.argmax(axis=1) == clean.labels["image"]) > 0.8
    assert once.reliability["image"] == pytest.approx(np.mean(noisy.labels["image"] == clean.labels["image"]), abs=0.1)
    own = fitted(noisy, "one_witness", network_rounds=1)
    assert all(posterior.posterior.shape == (300, CLASSES) for posterior in own.posteriors.values())


def test_pictures_get_a_convolutional_encoder():
    clean = split(60, 0, {"image": 64, "text": 8})
    result = fitted(clean, convolutional=["image"], network_rounds=1)
    assert isinstance(result.model.encoders["image"], PictureEncoder)
    assert not isinstance(result.model.encoders["text"], PictureEncoder)
    live, mean = (dict(part["image"].named_buffers()) for part in (result.model.encoders, result.model.mean_encoders))
    assert live.keys() == mean.keys() != set()
    test = split(20, 1, {"image": 64, "text": 8})
    embedder = result.at(LAST_EPOCH)
    alone = embedder.transform({"image": test.views["image"]})["image"]
    np.testing.assert_array_equal(alone, embedder.transform(test.views)["image"])


def test_statistics_of_batch_norm_follow_the_live_ones():
    method = make("witness", convolutional=["image"])
    model = method.build({"image": 64}, CLASSES).train()
    model({"image": torch.rand(9, 64)})
    method.before_step(model, STEP)
    live, mean = (dict(part.named_buffers()) for part in (model.encoders, model.mean_encoders))
    assert any(name.endswith("running_mean") and value.abs().sum() > 0 for name, value in live.items())
    for name, value in live.items():
        torch.testing.assert_close(mean[name], value)


def test_unknown_picture_views_are_refused():
    with pytest.raises(UnknownName, match="imag"):
        make("witness", convolutional=["imag"]).build(DIMS, CLASSES)


def test_the_estimated_share_of_wrong_labels():
    clean, noisy = noisy_split(300, 0.6)
    result = fitted(noisy).label_noise()
    for view in DIMS:
        assert result.wrong[view] == pytest.approx(np.mean(noisy.labels[view] != clean.labels[view]), abs=0.05)
    assert result.certain
    assert fitted(noisy, "trusting").label_noise() is None
