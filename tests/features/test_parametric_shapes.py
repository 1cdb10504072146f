import numpy as np
import pytest

from pipeline.core.seeds import generator
from pipeline.features.base.parametric_shapes import FAMILIES, cloud, labelled_clouds


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_normalised_as_the_digits_are(family):
    for row in range(5):
        shape = cloud(family, 300, generator(row, family))
        assert shape.shape == (300, 3)
        assert shape.dtype == np.float32
        assert np.isfinite(shape).all()
        np.testing.assert_allclose(np.ptp(shape, axis=0).max(), 1, rtol=1e-5)
        np.testing.assert_allclose(shape.mean(axis=0), 0, atol=1e-6)
        assert (np.ptp(shape, axis=0) > 0.02).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_members_of_a_family_differ(family):
    one, other = (np.sort(cloud(family, 300, generator(row, family)), axis=0) for row in (0, 1))
    assert np.abs(one - other).max() > 0.03


def test_families_are_equally_frequent_and_told_by_their_number():
    clouds, families = labelled_clouds(2 * len(FAMILIES), 32, seed=0)
    assert clouds.shape == (2 * len(FAMILIES), 32, 3)
    assert (np.bincount(families) == 2).all()
    last = cloud(list(FAMILIES)[-1], 32, generator(0, "shapes", str(len(clouds) - 1)))
    assert np.array_equal(clouds[-1], last)


def test_a_shape_depends_on_seed_and_place_alone():
    few, many, other = (labelled_clouds(count, 32, seed)[0] for count, seed in ((5, 0), (40, 0), (5, 1)))
    assert np.array_equal(few, many[:5])
    assert not np.allclose(few, other)


def test_points_come_in_no_order():
    """Any first part of a cloud is spread over the whole shape."""
    for family in FAMILIES:
        shape = cloud(family, 1000, generator(0, family))
        np.testing.assert_allclose(shape[:500].mean(axis=0), shape[500:].mean(axis=0), atol=0.08)
