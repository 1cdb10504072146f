import numpy as np

from pipeline.core.seeds import generator
from pipeline.data.base.extrusion import point_cloud
from tests.support.samples import dataset, project


def test_sizes():
    raw = dataset("mnist3d")
    for name, size in (("train", 200), ("valid", 50), ("test", 100)):
        assert np.bincount(raw.labels[raw.split == name]).tolist() == [size] * 10
    assert raw.views["image"].samples.shape == (3500, 28, 28)
    points = (project().dataset("mnist3d").load or {})["points"]
    assert raw.views["cloud"].samples.shape == (3500, points, 3)


def test_a_digits_points_depend_on_seed_and_position_alone():
    raw = dataset("mnist3d")
    block = project().dataset("mnist3d").load
    for row in (0, 1234, 3499):
        draw = generator(block["seed"], "mnist3d", "points", str(int(raw.ids[row])))
        expected = point_cloud(raw.views["image"].samples[row], block["points"], draw)
        assert np.array_equal(raw.views["cloud"].samples[row], expected)


def test_clouds_are_centred_with_longest_extent_one():
    clouds = dataset("mnist3d").views["cloud"].samples
    assert np.abs(clouds.mean(axis=1)).max() < 0.06
    extents = np.ptp(clouds, axis=1)
    assert extents.max() <= 1 + 1e-6
    assert extents.max(axis=1).min() > 0.97
