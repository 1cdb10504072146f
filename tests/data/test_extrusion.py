import numpy as np
import pytest

from pipeline.core.errors import BadInput
from pipeline.data.base.extrusion import point_cloud, surface
from tests.support.samples import dataset


def slow_surface(image):
    """The recipe pixel by pixel, point by point."""
    padded = np.zeros((30, 30))
    padded[1:29, 1:29] = image
    edge = [-0.5, -0.25, 0.0, 0.25, 0.5]
    depth = [-3 + 6 * step / 29 for step in range(30)]
    points = []
    for row in range(30):
        for column in range(30):
            if padded[row, column] == 0:
                continue
            points += [(row + a, column + b, z) for a in edge for b in edge for z in (-3.0, 3.0)]
            for side in (-1, 1):
                if padded[row + side, column] == 0:
                    points += [(row + side / 2, column + b, z) for b in edge for z in depth]
                if padded[row, column + side] == 0:
                    points += [(row + a, column + side / 2, z) for a in edge for z in depth]
    cloud = np.array(points)
    cloud = cloud / max(cloud[:, axis].max() - cloud[:, axis].min() for axis in range(3))
    cloud = cloud - cloud.mean(axis=0)
    quarter_turn = np.array([[0, 0, -1], [0, 1, 0], [1, 0, 0]])
    return cloud @ quarter_turn


def in_order(points):
    return points[np.lexsort(points.round(9).T)]


def test_agrees_with_the_slow_recipe():
    image = dataset("mnist3d").views["image"].samples[1700]
    np.testing.assert_allclose(in_order(surface(image)), in_order(slow_surface(image)), atol=1e-12)


def test_one_pixel_is_a_box():
    image = np.zeros((28, 28), dtype=np.uint8)
    image[0, 27] = 1
    points = surface(image)
    assert len(points) == 2 * 25 + 4 * 150
    np.testing.assert_allclose(np.ptp(points, axis=0), [1, 1 / 6, 1 / 6])


def test_the_digit_stands_upright():
    image = np.zeros((28, 28), dtype=np.uint8)
    image[2:25, 10] = 255
    image[2, 10:20] = 255
    points = surface(image)
    right = points[points[:, 1] > points[:, 1].max() - 0.1]
    assert right[:, 2].mean() > 0.3


def test_points_come_from_the_surface_and_repeat_only_when_they_must():
    image = dataset("mnist3d").views["image"].samples[0]
    dense = surface(image).astype(np.float32)
    cloud = point_cloud(image, len(dense), np.random.default_rng(0))
    assert np.array_equal(in_order(cloud), in_order(dense))
    assert point_cloud(image, len(dense) + 5, np.random.default_rng(0)).shape == (len(dense) + 5, 3)


def test_an_empty_picture_is_named():
    with pytest.raises(BadInput, match="no stroke"):
        surface(np.zeros((28, 28)))
