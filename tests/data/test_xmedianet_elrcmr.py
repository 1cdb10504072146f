"""ELRCMR's nine files of XMediaNet, written here with all of their rows and few columns."""

import numpy as np
import pytest
from scipy.io import savemat

from pipeline.core.errors import BadInput, MissingFiles
from pipeline.data.xmedianet_elrcmr import XMediaNetElrcmr

ROWS = {"train": 32000, "valid": 4000, "test": 4000}


@pytest.fixture
def folder(tmp_path):
    for split, count in ROWS.items():
        savemat(tmp_path / f"{split}_img.mat", {"name": np.arange(count, dtype=np.float32)[:, None]})
        savemat(tmp_path / f"{split}_text.mat", {"name": np.arange(count, dtype=np.float32)[:, None] * [[2, 3]]})
        savemat(tmp_path / f"{split}_label.mat", {"name": np.arange(count)[None] % 200})
    return tmp_path


def load(folder, progress=lambda done, total: None):
    return XMediaNetElrcmr(folder).load(progress)


def test_the_authors_rows_labels_and_split(folder):
    seen = []
    raw = load(folder, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (40000, 40000)
    assert raw.split.tolist() == ["train"] * 32000 + ["valid"] * 4000 + ["test"] * 4000
    positions = np.concatenate([np.arange(count) for count in ROWS.values()])
    assert np.array_equal(raw.labels, positions % 200)
    assert np.array_equal(raw.views["image"].samples[:, 0], positions.astype(np.float32))
    assert np.array_equal(raw.views["text"].samples, positions[:, None] * np.float32([[2, 3]]))


def test_another_name_or_size_is_explained(folder):
    savemat(folder / "valid_img.mat", {"name": np.zeros((3999, 1))})
    with pytest.raises(BadInput, match=r"valid_img\.mat, name: it is 3999 x 1, not 4000 x 1"):
        load(folder)
    savemat(folder / "valid_img.mat", {"valid_img": np.zeros((4000, 1))})
    with pytest.raises(BadInput, match=r"valid_img\.mat: it holds no array of numbers named name"):
        load(folder)


@pytest.mark.parametrize("name", ["train_img", "valid_text", "test_label"])
def test_a_missing_file_is_named(folder, name):
    (folder / f"{name}.mat").unlink()
    with pytest.raises(MissingFiles, match=rf"{name}\.mat is missing; put train_img\.mat, .* they are not public"):
        load(folder)


def test_its_name_is_not_that_of_mrls_table():
    assert XMediaNetElrcmr.display == "XMediaNet (ELRCMR)"
