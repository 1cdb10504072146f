"""MRL against its equations."""

import math

import numpy as np
import pytest
import torch

from pipeline.errors import BadParams
from pipeline.training.engine import Batch, Step
from tests.paired import CLASSES, CPU, DIMS, THREE, make, run, split

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
    batch = Batch.of(data, CPU)
    batch = Batch({view: x.double() for view, x in batch.views.items()}, batch.labels, batch.index)
    terms = method.loss(batch, model, STEP)
    embeddings = {view: z.detach().numpy() for view, z in model(batch.views).items()}
    clustering, contrast = reference(embeddings, model.prototypes.detach().numpy(), data.labels, 0.6)
    assert list(terms) == ["clustering", "contrastive", "total"]
    assert terms["clustering"].item() == pytest.approx(clustering, abs=1e-10)
    assert terms["contrastive"].item() == pytest.approx(contrast, abs=1e-10)
    assert terms["total"].item() == pytest.approx(beta * clustering + (1 - beta) * contrast, abs=1e-10)


def test_three_views_from_fit_to_transform():
    method = make("mrl").fit(split(40, 0, THREE), split(20, 1, THREE), run())
    embeddings = method.transform(split(10, 2, THREE).views)
    assert {view: z.shape for view, z in embeddings.items()} == dict.fromkeys(THREE, (10, 8))
    directions = {name for name in method.history_[0] if name.startswith("valid/")} - {"valid/mean"}
    assert len(directions) == 6


def test_without_the_clustering_term_labels_do_not_matter():
    train = split(30, 0)
    method = make("mrl", beta=0.0).fit(train, None, run())
    before = method.transform(train.views)
    for labels in train.labels.values():
        labels[:] = 0
    after = make("mrl", beta=0.0).fit(train, None, run()).transform(train.views)
    for view in DIMS:
        np.testing.assert_array_equal(after[view], before[view])


@pytest.mark.parametrize("beta", [-0.1, 1.1, float("nan"), "half"])
def test_beta_is_a_share(beta):
    with pytest.raises(BadParams, match=r"params.yaml, methods.mrl: 'beta' is .*"):
        make("mrl", beta=beta)
