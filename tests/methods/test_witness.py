"""Witness: what its networks are taught, how their embeddings are read, and what it knows about the labels."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from pipeline.core.criteria import LAST_EPOCH
from pipeline.core.errors import UnknownName
from pipeline.learning.loop import Step
from pipeline.methods.base.pictures import PictureEncoder
from pipeline.methods.base.targets import MEAN, OWN, Lesson, one_hot
from pipeline.retrieval.match_probability import by_match_probability, calibrated
from pipeline.retrieval.ranking import mean_average_precision
from pipeline.runs.extras import TEMPERATURE, posterior_readout
from tests.support.paired import CLASSES, DIMS, THREE, batch_of, fit_in_place, make, relabelled, run, split

STEP = Step(0, 2, 0, 8)


def fitted(noisy, variant="default", **changes):
    return make("witness", variant, **changes).fit(noisy, None, run())


def believed(result):
    """What EM makes of all views' labels together."""
    (one,) = {id(posterior): posterior for posterior in result.lesson.posteriors.values()}.values()
    return one


def probability_of_own_labels(noisy, result):
    rows = np.arange(len(noisy))
    return np.mean([believed(result).posterior[rows, y] for y in noisy.labels.values()])


def noisy_split(size=120, share=0.4, dims=None):
    clean = split(size, 0, dims)
    return clean, relabelled(clean, 3, share)


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
        columns = F.normalize(model.prototypes.detach(), dim=0)
        for z, i in zip(model.encode(view, batch.views[view]).detach(), order.tolist(), strict=True):
            assert z.norm().item() == pytest.approx(1)
            weights = [math.exp(float(z @ columns[:, k]) / method.temperature) for k in range(CLASSES)]
            for k in range(CLASSES):
                expected -= posterior[i, k] * math.log(weights[k] / sum(weights)) / len(order)
    assert value.item() == pytest.approx(expected, rel=1e-5)


def test_gradient_reaches_encoders_and_prototypes():
    _, noisy = noisy_split(24)
    method = make("witness")
    model = fit_in_place(method, noisy, None).model.train()
    method.loss(batch_of(noisy), model.double(), STEP)["total"].backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


def test_embeddings_are_unit_vectors_whose_cosines_with_the_prototypes_score_the_classes():
    _, noisy = noisy_split(24)
    test = split(9, 2)
    embedder = fitted(noisy, temperature=0.2).at(LAST_EPOCH)
    prototypes = F.normalize(embedder.model.prototypes, dim=0).numpy()
    scores = embedder.class_scores(test.views)
    for view, z in embedder.transform(test.views).items():
        assert z.shape == (9, 8)
        np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1, rtol=1e-5)
        np.testing.assert_allclose(scores[view], z @ prototypes / 0.2, rtol=1e-4, atol=1e-5)


def test_it_is_read_by_match_probability_at_the_temperature_that_clean_pairs_chose():
    _, noisy = noisy_split()
    valid, test = split(30, 1), split(20, 2)
    result = make("witness").fit(noisy, valid, run())
    assert result.chosen_by is valid
    read = posterior_readout(result, test)
    embedder = result.at(result.states[0])
    temperature, _ = calibrated(embedder.class_scores(valid.views), valid.labels)
    assert read[TEMPERATURE] == temperature
    expected = by_match_probability(embedder.class_scores(test.views), temperature)
    for view in DIMS:
        np.testing.assert_allclose(read[view], expected[view], rtol=1e-5, atol=1e-6)
    assert posterior_readout(fitted(noisy), test) is None


def test_prototypes_do_not_decay():
    method = make("witness", "shared", weight_decay=0.1)
    (optimiser,) = method.optimisers(method.build(DIMS, CLASSES))
    assert isinstance(optimiser, torch.optim.AdamW)
    assert {g["name"]: g["weight_decay"] for g in optimiser.param_groups} == {"encoders": 0.1, "prototypes": 0.0}


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
    noisy = relabelled(split(400, 0, pull=1.2), 3, 0.5)
    results = {name: fitted(noisy, name) for name in ("default", "no_em", "in_fold", "one_witness")}
    beliefs = {name: [p.posterior for p in result.lesson.posteriors.values()] for name, result in results.items()}
    for name in ("no_em", "in_fold", "one_witness"):
        assert not np.array_equal(beliefs[name], beliefs["default"])
    believing = {name: probability_of_own_labels(noisy, results[name]) for name in ("in_fold", "default")}
    assert believing["in_fold"] > believing["default"]


@pytest.mark.parametrize("source", [OWN, MEAN])
def test_other_targets_leave_the_label_model_out(source):
    """Networks alone are taught, by what the labels say, and say alone what is wrong."""
    _, noisy = noisy_split(40)
    result = fitted(noisy, targets=source)
    assert not result.lesson.posteriors
    assert result.label_noise() is None
    hard = one_hot(noisy.labels, CLASSES)
    for view, q in result.lesson.targets.items():
        np.testing.assert_array_equal(q, hard[view] if source == OWN else (hard["image"] + hard["text"]) / 2)
    scores = result.at(LAST_EPOCH).class_scores(noisy.views)
    for view, suspicion in result.suspicion().items():
        p = torch.tensor(scores[view]).softmax(dim=1).numpy()
        np.testing.assert_allclose(suspicion, 1 - p[np.arange(40), noisy.labels[view]], rtol=1e-4, atol=1e-6)


def test_its_own_network_is_trained_on_the_same_beliefs():
    _, noisy = noisy_split(60)
    own, shared = fitted(noisy), fitted(noisy, "shared")
    np.testing.assert_array_equal(believed(own).posterior, believed(shared).posterior)
    assert make("witness").averaged is None
    assert own.model.encoders["image"][0].__class__ is not shared.model.encoders["image"][0].__class__


def test_one_witness_hears_only_its_own_view():
    _, noisy = noisy_split(200, 0.5)
    other = replace(noisy, labels={**noisy.labels, "text": np.roll(noisy.labels["text"], 7)})
    first, second = (fitted(data, "one_witness") for data in (noisy, other))
    np.testing.assert_array_equal(first.suspicion()["image"], second.suspicion()["image"])
    assert first.lesson.posteriors["image"].reliability == second.lesson.posteriors["image"].reliability
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
        return method._network_opinions(Lesson(data, dict.fromkeys(DIMS, q), None), run(), 0)

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
    assert all(posterior.posterior.shape == (300, CLASSES) for posterior in own.lesson.posteriors.values())


def test_pictures_get_a_convolutional_encoder():
    clean = split(60, 0, {"image": 64, "text": 8})
    result = fitted(clean, convolutional=["image"], network_rounds=1)
    assert isinstance(result.model.encoders["image"], PictureEncoder)
    assert not isinstance(result.model.encoders["text"], PictureEncoder)
    test = split(20, 1, {"image": 64, "text": 8})
    embedder = result.at(LAST_EPOCH)
    alone = embedder.transform({"image": test.views["image"]})["image"]
    np.testing.assert_array_equal(alone, embedder.transform(test.views)["image"])


def test_unknown_picture_views_are_refused():
    with pytest.raises(UnknownName, match="imag"):
        make("witness", convolutional=["imag"]).build(DIMS, CLASSES)


def test_the_estimated_share_of_wrong_labels():
    clean, noisy = noisy_split(300, 0.6)
    result = fitted(noisy).label_noise()
    for view in DIMS:
        assert result.wrong[view] == pytest.approx(np.mean(noisy.labels[view] != clean.labels[view]), abs=0.05)
    assert result.certain


def test_the_judges_of_network_rounds_are_averages_over_the_steps():
    """With a decay of 0 the average is the live network."""
    data = split(60, 0)
    learned = Lesson(data, one_hot(data.labels, CLASSES), None)

    def opinions(averaging):
        method = make("witness", "shared", dropouts=(0.0, 0.0), averaging=averaging)
        return method._network_opinions(learned, run(), 0)

    live, slow = opinions(0.0), opinions(0.99)
    for one, other in zip(live, slow, strict=True):
        assert not torch.allclose(one, other)
