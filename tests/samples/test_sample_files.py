"""Samples that stay in files: read when they are asked for, refused when they have changed."""

import numpy as np
import pytest
from PIL import Image

from pipeline.core.datasets import RawView
from pipeline.core.errors import BadInput
from pipeline.core.plugins import build
from pipeline.samples.base import PACKAGE, Kind, kind, thumbnail
from pipeline.samples.base.clouds import read_cloud
from pipeline.samples.base.sample_files import SampleFiles, blocks, in_memory, take

COUNT, SIDE = 9, 4


@pytest.fixture
def pictures(tmp_path):
    """Pictures of one colour each, row by row."""
    paths = [tmp_path / f"{row}.png" for row in range(COUNT)]
    for row, path in enumerate(paths):
        Image.new("RGB", (6, 5), (row, 10 * row, 7)).save(path)
    return listed(build(PACKAGE, "image", Kind, {"side": SIDE}), paths)


def listed(of_kind, paths):
    ids = [path.stem for path in paths]
    return SampleFiles.of(of_kind, paths[0].parent, paths, ids, lambda done, total: None)


def test_they_look_like_the_array_that_they_stand_for(pictures):
    array = np.asarray(pictures)
    assert array.shape == pictures.shape == (COUNT, SIDE, SIDE, 3)
    assert array.dtype == np.uint8
    assert array[:, 0, 0, 0].tolist() == list(range(COUNT))
    np.testing.assert_array_equal(pictures[3], array[3])
    np.testing.assert_array_equal(pictures[-1], array[-1])
    np.testing.assert_array_equal(pictures[2:7:2], array[2:7:2])
    rows = np.array([5, 0, 5])
    np.testing.assert_array_equal(in_memory(take(pictures, rows)), array[rows])
    assert [len(block) for block in blocks(pictures, 4)] == [4, 4, 1]
    with pytest.raises(IndexError):
        pictures[COUNT]


def test_only_what_is_asked_for_is_read(pictures):
    (pictures.folder / "4.png").unlink()
    assert np.asarray(pictures[5:]).shape == (COUNT - 5, SIDE, SIDE, 3)
    assert thumbnail(RawView("image", pictures), 3).startswith("<img")
    with pytest.raises(BadInput, match=r"4\.png: it cannot be opened \(No such file or directory\); fetch"):
        np.asarray(pictures)


def test_a_file_that_has_changed_is_refused(pictures):
    file = pictures.folder / "2.png"
    Image.new("RGB", (6, 5), "white").save(file)
    with pytest.raises(
        BadInput, match=r"2\.png: it has changed since the dataset was fetched; fetch the dataset again"
    ):
        thumbnail(RawView("image", pictures), 2)


def test_what_is_drawn_depends_on_the_id_alone(tmp_path):
    cloud = build(PACKAGE, "cloud", Kind, {"points": 8})
    paths = [tmp_path / f"{name}.npy" for name in "ab"]
    for path in paths:
        np.save(path, np.random.default_rng(0).normal(size=(40, 3)))
    a, b = listed(cloud, paths)
    assert (a != b).any()
    np.testing.assert_array_equal(listed(cloud, paths[1:])[0], b)
    assert not np.array_equal(read_cloud(paths[0], 8, np.random.default_rng(0)), a)


def test_a_file_that_cannot_be_opened_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"gone\.png: it cannot be opened"):
        listed(kind("image"), [tmp_path / "gone.png"])
