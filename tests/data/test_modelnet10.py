"""ModelNet10 in the authors' layout, three small shapes per class."""

import numpy as np
import pytest

from pipeline.core import plugins
from pipeline.core.errors import BadInput, BadParams, MissingFiles
from pipeline.data.base import Dataset
from pipeline.data.modelnet10 import ModelNet10
from tests.support.samples import project
from tests.support.solids import CUBE, GLUED, TETRAHEDRON, write_release

CLASSES = ["bathtub", "bed", "chair", "desk", "dresser", "monitor", "night_stand", "sofa", "table", "toilet"]


@pytest.fixture
def folder(tmp_path):
    write_release(tmp_path / "ModelNet10", CLASSES)
    (tmp_path / "ModelNet10" / "README.txt").write_text("about")
    return tmp_path


def load(folder, seed=0, progress=lambda done, total: None):
    return ModelNet10(folder, seed, points=64, side=24, azimuth=30, elevation=30).load(progress)


def test_the_authors_classes_split_and_order(folder):
    seen = []
    raw = load(folder, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(row, 30) for row in range(1, 31)]
    assert list(raw.class_names) == CLASSES
    assert raw.split.tolist() == ["train"] * 20 + ["test"] * 10
    assert raw.labels.tolist() == [*np.repeat(range(10), 2), *range(10)]
    assert raw.labels.dtype == np.int64
    assert list(raw.ids[:3]) == ["bathtub/train/bathtub_0001", "bathtub/train/bathtub_0002", "bed/train/bed_0001"]
    assert raw.ids[-1] == "toilet/test/toilet_0003"
    assert len(set(raw.ids)) == 30
    image, cloud = raw.views["image"], raw.views["cloud"]
    assert (image.kind, image.samples.shape, image.samples.dtype) == ("image", (30, 24, 24), np.uint8)
    assert (cloud.kind, cloud.samples.shape, cloud.samples.dtype) == ("cloud", (30, 64, 3), np.float32)


def test_views_show_the_shape_of_their_file(folder):
    raw = load(folder)
    covered = (raw.views["image"].samples < 255).mean(axis=(1, 2))
    cubes, tetrahedra = [*range(0, 20, 2), *range(20, 30)], range(1, 20, 2)
    assert covered[cubes].min() > covered[tetrahedra].max()
    extents = np.ptp(raw.views["cloud"].samples, axis=1)
    assert extents.max(axis=1) == pytest.approx(1)


def test_draws_depend_on_seed_and_id_alone(folder):
    raw, again, other = load(folder), load(folder), load(folder, seed=1)
    for view in ("image", "cloud"):
        np.testing.assert_array_equal(raw.views[view].samples, again.views[view].samples)
    clouds = raw.views["cloud"].samples
    assert (clouds[0] != other.views["cloud"].samples[0]).any()
    assert (clouds[0] != clouds[2]).any()
    (folder / "ModelNet10" / "bathtub" / "train" / "bathtub_0001.off").unlink()
    np.testing.assert_array_equal(load(folder).views["cloud"].samples, clouds[1:])


@pytest.mark.parametrize("place", ["sofa", "sofa/test"])
def test_a_missing_class_or_an_empty_split_is_named(folder, place):
    for file in (folder / "ModelNet10" / place).rglob("*.off"):
        file.unlink()
    split = "test" if place.endswith("test") else "train"
    with pytest.raises(BadInput, match=rf"{split}: .* class 'sofa' has no {split} samples; copy all 10 classes of Mod"):
        load(folder)


def test_a_broken_file_is_named_with_its_line(folder):
    file = folder / "ModelNet10" / "desk" / "test" / "desk_0003.off"
    file.write_text(GLUED.replace("4 1 2 6 5", "4 1 2 6 9"))
    with pytest.raises(BadInput, match=r"desk_0003\.off: it does not hold all corners that line 13 names;"):
        load(folder)
    file.write_text(CUBE[: len(TETRAHEDRON) // 2])
    with pytest.raises(BadInput, match=r"desk_0003\.off: it does not hold the 8 corners and 6 faces"):
        load(folder)


def test_without_files_the_layout_is_told(tmp_path):
    with pytest.raises(
        MissingFiles, match=r"ModelNet10 is missing; put ModelNet10\.zip of modelnet\.cs.*/train/\*\.off"
    ):
        load(tmp_path)


def test_settings():
    settings = project().dataset("modelnet10").load or {}
    dataset = plugins.build("pipeline.data", "modelnet10", Dataset, settings)
    assert (dataset.points, dataset.side) == (1024, 112)
    with pytest.raises(BadParams, match="'elevation' is 91"):
        plugins.build("pipeline.data", "modelnet10", Dataset, settings | {"elevation": 91})


def test_what_is_no_shape_of_a_class_is_not_known(folder):
    strays = {folder / "ModelNet10" / name for name in ("README.txt", "bed/more.off", "beds/train/bed_0009.off")}
    for stray in strays:
        stray.parent.mkdir(parents=True, exist_ok=True)
        stray.touch()
    dataset = ModelNet10(folder, 0, points=64, side=24, azimuth=30, elevation=30)
    assert set(dataset.brought()) - set(dataset.expected()) == strays
    assert set(dataset.expected()) - set(dataset.brought()) == {folder / "ModelNet10.zip"}
    (folder / "ModelNet10").rename(folder / "outer")
    (folder / "ModelNet10").mkdir()
    (folder / "outer").rename(folder / "ModelNet10" / "ModelNet10")
    assert len(dataset.expected()) == 1 + 30
