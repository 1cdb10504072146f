"""MRL against its equations."""

import math

import numpy as np
import pytest
import torch

from pipeline.core.criteria import LAST_EPOCH
from pipeline.core.errors import BadParams
from pipeline.learning.loop import Step
from pipeline.methods.mrl import MRL
from tests.support.paired import CLASSES, DIMS, THREE, batch_of, make, relabelled, run, settings, split

STEP = Step(0, 1, 0, 1)


def reference(embeddings, prototypes, labels, temperature):
    """Equations 2-4 and 6-7 in plain Python: L_r, L_c."""
    clustering = 0.0
    for view, rows in embeddings.items():
        for z, label in zip(rows, labels[view], strict=True):
            weights = [math.exp(float(z @ c) / temperature) for c in prototypes.T]
            clustering += math.log(1 - weights[label] / sum(weights)) / len(rows)
    points = [(i, z) for rows in embeddings.values() for i, z in enumerate(rows)]
    contrast = 0.0
    for a, (i, z) in enumerate(points):
        closeness = [(j, math.exp(float(z @ other) / temperature)) for b, (j, other) in enumerate(points) if b != a]
        contrast -= math.log(sum(s for j, s in closeness if j == i) / sum(s for _, s in closeness))
    return clustering, 2 * contrast / len(points)


@pytest.mark.parametrize("dims", [DIMS, THREE], ids=["two views", "three views"])
@pytest.mark.parametrize("beta", [0.0, 0.3, 1.0])
def test_loss_equals_equation_8(dims, beta):
    data = split(6, 0, dims)
    data.labels["text"][:] = np.roll(data.labels["text"], 1)
    method = make("mrl", beta=beta)
    method.temperature = 0.6
    torch.manual_seed(0)
    model = method.build(dims, CLASSES).double()
    batch = batch_of(data)
    terms = method.loss(batch, model, STEP)
    embeddings = {view: z.detach().numpy() for view, z in model(batch.views).items()}
    clustering, contrast = reference(embeddings, model.prototypes.detach().numpy(), data.labels, 0.6)
    assert list(terms) == ["clustering", "contrastive", "total"]
    assert terms["clustering"].item() == pytest.approx(clustering, abs=1e-10)
    assert terms["contrastive"].item() == pytest.approx(contrast, abs=1e-10)
    assert terms["total"].item() == pytest.approx(beta * clustering + (1 - beta) * contrast, abs=1e-10)


def test_three_views_from_fit_to_transform():
    fitted = make("mrl").fit(split(40, 0, THREE), split(20, 1, THREE), run())
    embeddings = fitted.at(LAST_EPOCH).transform(split(10, 2, THREE).views)
    assert {view: z.shape for view, z in embeddings.items()} == dict.fromkeys(THREE, (10, 8))
    directions = {name for name in fitted.history[0] if name.startswith("valid/")} - {"valid/mean"}
    assert len(directions) == 6


def test_without_the_clustering_term_labels_do_not_matter():
    train = split(30, 0)
    before, after = (
        make("mrl", beta=0.0).fit(relabelled(train, seed), None, run()).at(LAST_EPOCH).transform(train.views)
        for seed in (3, 4)
    )
    for view in DIMS:
        np.testing.assert_array_equal(after[view], before[view])


def test_a_spare_prototype_takes_part_in_every_softmax():
    data = split(6, 0)
    method = make("mrl", variant="authors_code")
    torch.manual_seed(0)
    model = method.build(DIMS, CLASSES).double()
    assert method.spare_prototypes == 1
    assert model.prototypes.shape == (8, CLASSES + 1)
    terms = method.loss(batch_of(data), model, STEP)
    embeddings = {view: z.detach().numpy() for view, z in model(batch_of(data).views).items()}
    prototypes = model.prototypes.detach().numpy()
    with_spare, contrast = reference(embeddings, prototypes, data.labels, 1.0)
    without, _ = reference(embeddings, prototypes[:, :CLASSES], data.labels, 1.0)
    assert terms["clustering"].item() == pytest.approx(with_spare, abs=1e-10)
    assert abs(with_spare - without) > 0.01
    assert terms["contrastive"].item() == pytest.approx(contrast, abs=1e-10)


def test_labels_stay_within_the_classes_beside_a_spare_prototype():
    printed = []

    class Watched(MRL):
        def loss(self, batch, model, step):
            printed.extend(torch.cat(list(batch.labels.values())).tolist())
            return super().loss(batch, model, step)

    train = split(30, 0)
    fitted = Watched(**settings("mrl", variant="authors_code")).fit(train, split(20, 1), run())
    assert set(printed) == set(range(CLASSES))
    prototypes = fitted.model.prototypes.detach().numpy()
    for view, z in fitted.at(LAST_EPOCH).transform(train.views).items():
        weights = np.exp(z @ prototypes)
        expected = 1 - weights[range(30), train.labels[view]] / weights.sum(axis=1)
        np.testing.assert_allclose(fitted.suspicion()[view], expected, atol=1e-6)


def test_the_default_has_no_spare_prototype():
    assert make("mrl").build(DIMS, CLASSES).prototypes.shape == (8, CLASSES)


@pytest.mark.parametrize("beta", [-0.1, 1.1, float("nan"), "half"])
def test_beta_is_a_share(beta):
    with pytest.raises(BadParams, match=r"params.yaml, methods.mrl: 'beta' is .*"):
        make("mrl", beta=beta)
