"""ModelNet40 in the authors' archive, three small shapes per class."""

import zipfile

import numpy as np
import pytest

from pipeline.core.errors import BadInput
from pipeline.data.modelnet10 import ModelNet10
from pipeline.data.modelnet40 import ModelNet40
from pipeline.samples.base import meshes
from tests.support.solids import write_release


@pytest.fixture(autouse=True)
def _coarse(monkeypatch):
    """160 pictures of 16 x 16 pixels need few points."""
    monkeypatch.setattr(meshes, "DENSE", 2000)


def load(folder):
    return ModelNet40(folder, seed=0, points=16, side=16, azimuth=30, elevation=30).load(lambda done, total: None)


def pack(source, archive):
    with zipfile.ZipFile(archive, "w") as content:
        for file in sorted(source.rglob("*.off")):
            content.write(file, f"ModelNet40/{file.relative_to(source)}")
            content.writestr(f"__MACOSX/ModelNet40/{file.relative_to(source).parent}/._{file.name}", b"\0")


def test_the_authors_archive_is_unpacked_once(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    pack(write_release(tmp_path / "elsewhere", ModelNet40.class_names), folder / "ModelNet40.zip")
    raw = load(folder)
    assert np.bincount(raw.labels[raw.split == "train"]).tolist() == [2] * 40
    assert np.bincount(raw.labels[raw.split == "test"]).tolist() == [1] * 40
    assert raw.ids[0] == "airplane/train/airplane_0001"
    (folder / "ModelNet40.zip").unlink()
    assert load(folder).ids == raw.ids


def test_its_classes_hold_those_of_modelnet10():
    names = list(ModelNet40.class_names)
    assert len(set(names)) == 40
    assert names == sorted(names)
    assert set(ModelNet10.class_names) < set(names)


def test_modelnet10_in_its_place_is_refused(tmp_path):
    write_release(tmp_path / "ModelNet40", ModelNet10.class_names)
    with pytest.raises(BadInput, match=r"class 'airplane' has no train samples; copy all 40 classes of ModelNet40"):
        load(tmp_path)
