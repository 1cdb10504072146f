"""The networks that methods share."""

import pytest
import torch

from pipeline.core.errors import BadParams
from pipeline.learning.networks import MultiViewNetwork, PrototypeNetwork, SphereNetwork, mlp

DIMS = {"image": 5, "text": 4, "cloud": 3}


@pytest.fixture
def network():
    torch.manual_seed(0)
    return PrototypeNetwork(DIMS, classes=6, hidden=[7], embedding=8)


@pytest.fixture
def views():
    drawn = torch.Generator().manual_seed(1)
    return {view: torch.randn(9, dim, generator=drawn) for view, dim in DIMS.items()}


def test_mlp_has_relu_between_its_layers_only():
    layers = mlp(3, [5, 4], 2)
    assert [type(layer).__name__ for layer in layers] == ["Linear", "ReLU", "Linear", "ReLU", "Linear"]
    assert [(layer.in_features, layer.out_features) for layer in layers[::2]] == [(3, 5), (5, 4), (4, 2)]
    assert len(mlp(3, [], 2)) == 1


def test_prototypes_start_orthonormal(network):
    assert network.prototypes.shape == (8, 6)
    assert network.prototypes.requires_grad
    torch.testing.assert_close(network.prototypes.T @ network.prototypes, torch.eye(6), rtol=0, atol=1e-5)


def test_as_many_classes_as_dimensions_fit_and_no_more():
    PrototypeNetwork(DIMS, classes=8, hidden=[7], embedding=8)
    with pytest.raises(BadParams, match="9 classes do not fit into 8 orthogonal prototypes; set it to 9 or more"):
        PrototypeNetwork(DIMS, classes=9, hidden=[7], embedding=8)


def test_rows_are_unit(network, views):
    for rows in network(views).values():
        assert rows.shape == (9, 8)
        torch.testing.assert_close(rows.norm(dim=1), torch.ones(9))


def test_a_sphere_is_a_prototype_network_without_prototypes(network, views):
    torch.manual_seed(0)
    sphere = SphereNetwork(DIMS, hidden=[7], embedding=8)
    assert isinstance(network, SphereNetwork)
    assert {*network.state_dict()} - {*sphere.state_dict()} == {"prototypes"}
    for view, rows in sphere(views).items():
        assert torch.equal(rows, network(views)[view])
        assert sphere.class_scores(rows) is None


def test_a_row_of_zeros_stays_finite():
    sphere = SphereNetwork({"text": 4}, hidden=[], embedding=8)
    torch.nn.init.zeros_(sphere.encoders["text"][0].bias)
    rows = sphere({"text": torch.zeros(2, 4)})["text"]
    rows.sum().backward()
    assert torch.equal(rows, torch.zeros(2, 8))
    assert all(torch.isfinite(weights.grad).all() for weights in sphere.parameters())


def test_a_view_alone_equals_the_same_view_together(network, views):
    together = network(views)
    for view, x in views.items():
        assert torch.equal(network.encode(view, x), together[view])
        assert torch.equal(network({view: x})[view], together[view])


def test_normalising_keeps_directions_and_the_parameter(network):
    with torch.no_grad():
        network.prototypes.mul_(torch.arange(1, 7))
    before, parameter = network.prototypes.detach().clone(), network.prototypes
    network.normalise_prototypes()
    assert network.prototypes is parameter
    torch.testing.assert_close(parameter.detach(), before / torch.arange(1, 7))


def test_class_scores_are_cosines_with_prototypes(network, views):
    z = network(views)["text"]
    scores = network.class_scores(z)
    assert scores.shape == (9, 6)
    assert float(scores[4, 2].detach()) == pytest.approx(
        float((z[4] * network.prototypes[:, 2]).sum().detach()), abs=1e-6
    )
    assert scores.abs().max() <= 1 + 1e-6


def test_a_plain_network_has_no_class_scores(views):
    network = MultiViewNetwork({view: mlp(dim, [], 2) for view, dim in DIMS.items()})
    assert network.class_scores(network(views)["text"]) is None
