"""The network that DCCA and DCCAE share."""

import pytest
import torch

from pipeline.learning.losses.canonical import linear_cca
from pipeline.methods.base.canonical import CanonicalNetwork
from tests.support.paired import DIMS


def drawn(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def network(**changes):
    torch.manual_seed(0)
    return CanonicalNetwork(DIMS, [16], 4, ridge=1e-4, **changes).double()


def test_encode_gives_raw_outputs_until_the_cca_is_fitted():
    model, views = network(), {view: drawn(30, dim) for view, dim in DIMS.items()}
    for view, h in model(views).items():
        torch.testing.assert_close(model.encode(view, views[view]), h)
    model.eval()
    assert not model.projections.isnan().any()
    torch.testing.assert_close(model.encode("text", views["text"]), model(views)["text"])


def test_fit_cca_fits_the_cca_of_the_weights_as_they_are():
    model, views = network(), {view: drawn(30, dim) for view, dim in DIMS.items()}
    for _ in range(2):
        model.fit_cca(views)
        raw = [h.detach() for h in model(views).values()]
        for number, (view, w) in enumerate(zip(DIMS, linear_cca(*raw, 1e-4), strict=True)):
            expected = (raw[number] - raw[number].mean(0)) @ w
            torch.testing.assert_close(model.encode(view, views[view]), expected)
        before = model.projections.clone()
        model.train()
        assert torch.equal(model.projections, before)
        with torch.no_grad():
            for parameter in model.encoders.parameters():
                parameter.add_(0.1 * torch.rand_like(parameter))


def test_reconstruction_is_the_mean_squared_distance_of_each_view():
    model, views = network(decoders=True), {view: drawn(6, dim) for view, dim in DIMS.items()}
    expected = 0.0
    for view, x in views.items():
        again = model.decoders[view](model(views)[view]).detach()
        expected += (
            sum(sum((a - b) ** 2 for a, b in zip(*rows, strict=True)) for rows in zip(x, again, strict=True)) / 6
        )
    assert model.reconstruction(views, model(views)).item() == pytest.approx(float(expected), rel=1e-10)
