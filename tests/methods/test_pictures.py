"""The convolutional encoder of small pictures: what moves in training, what stays, and which views fit."""

import pytest
import torch

from pipeline.core.errors import BadParams
from pipeline.methods.base.pictures import SMALLEST, PictureEncoder, Shift, picture_side

SIDE = 8


def test_every_picture_moves_by_itself_and_nothing_else_happens_to_it():
    torch.manual_seed(0)
    dot = torch.zeros(200, 1, 7, 9)
    dot[:, 0, 3, 4] = torch.arange(1.0, 201)
    moved = Shift(2).train()(dot)
    assert moved.shape == dot.shape
    picture, _, row, column = moved.nonzero().T
    assert picture.tolist() == list(range(200))
    torch.testing.assert_close(moved.sum(dim=(1, 2, 3)), torch.arange(1.0, 201))
    assert set((row - 3).tolist()) == set((column - 4).tolist()) == {-2, -1, 0, 1, 2}
    assert len({*zip(row.tolist(), column.tolist(), strict=True)}) == 25


def test_what_leaves_the_picture_is_gone():
    torch.manual_seed(0)
    moved = Shift(1).train()(torch.ones(100, 1, 3, 3))
    assert set(moved.sum(dim=(1, 2, 3)).tolist()) == {4.0, 6.0, 9.0}


def test_nothing_moves_in_evaluation():
    x = torch.rand(3, 1, 5, 5)
    assert Shift(2).eval()(x) is x


def test_encoder_sees_rows_and_columns():
    """In evaluation a constant output would mean that pixels lost their places; every parameter gets a gradient."""
    torch.manual_seed(0)
    encoder = PictureEncoder(SIDE, 16, 5, 0.5)
    x = torch.rand(6, SIDE * SIDE)
    encoder(x).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in encoder.parameters())
    encoder.eval()
    z = encoder(x)
    assert z.shape == (6, 5)
    torch.testing.assert_close(encoder(x[2:4]), z[2:4])
    turned = x.view(-1, SIDE, SIDE).transpose(1, 2).flatten(1)
    assert not torch.allclose(encoder(turned), z)


@pytest.mark.parametrize("dim", [SIDE * SIDE + 1, (SMALLEST - 1) ** 2])
def test_views_that_are_no_pictures_are_refused(dim):
    with pytest.raises(BadParams, match=f"view 'text' has {dim} features, which make no square picture"):
        picture_side("text", dim, SMALLEST, "params.yaml")


def test_side_of_a_picture():
    assert picture_side("image", 784, SMALLEST, "params.yaml") == 28
