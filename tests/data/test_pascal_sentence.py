"""DSCMR's six files of Pascal Sentence, written here with all of their rows and few columns."""

import numpy as np
import pytest
from scipy.io import savemat

from pipeline.core.errors import BadInput, MissingFiles
from pipeline.data.pascal_sentence import PascalSentence

ROWS = {"train": 800, "test": 100}


def labels(split):
    """20 classes from 0, equally many in a row, as in the authors' files."""
    return np.repeat((np.arange(20) * 7 + 15) % 20, ROWS[split] // 20)


def content(name):
    split, kind = name.split("_", 1)
    base = np.arange(ROWS[split], dtype=np.float32)[:, None]
    return {"img": base * [[1, 0.5]], "txt": base * [[1, 2, 3]], "img_lab": labels(split)[:, None]}[kind]


NAMES = [f"{split}_{kind}" for split in ROWS for kind in ("img", "txt", "img_lab")]


@pytest.fixture
def folder(tmp_path):
    for name in NAMES:
        savemat(tmp_path / f"{name}.mat", {name: content(name)})
    return tmp_path


def load(folder, progress=lambda done, total: None):
    return PascalSentence(folder).load(progress)


def test_the_authors_rows_labels_and_split(folder):
    seen = []
    raw = load(folder, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (900, 900)
    assert raw.split.tolist() == ["train"] * 800 + ["test"] * 100
    assert raw.labels.tolist() == [*labels("train"), *labels("test")]
    assert len(raw.class_names) == 20
    for view, kind in (("image", "img"), ("text", "txt")):
        given = np.concatenate([content(f"train_{kind}"), content(f"test_{kind}")]).astype(np.float32)
        assert raw.views[view].samples.dtype == np.float32
        assert np.array_equal(raw.views[view].samples, given)


@pytest.mark.parametrize(
    ("name", "variables", "complaint"),
    [
        ("train_img", {"train_img": np.zeros((799, 2))}, r"train_img\.mat, train_img: it is 799 x 2, not 800 x 2"),
        ("test_txt", {"txt": np.zeros((100, 3))}, r"test_txt\.mat: it holds no array of numbers named test_txt"),
        ("test_img_lab", {"test_img_lab": np.eye(100, 20)}, r"test_img_lab: it is 100 x 20, not 100 labels"),
        ("train_img_lab", {"train_img_lab": np.arange(800) % 19}, "labels from 0 to 18 do not number 20 classes"),
    ],
)
def test_an_unusable_file_is_explained(folder, name, variables, complaint):
    savemat(folder / f"{name}.mat", variables)
    with pytest.raises(BadInput, match=complaint):
        load(folder)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_named(folder, name):
    (folder / f"{name}.mat").unlink()
    with pytest.raises(MissingFiles, match=rf"{name}\.mat is missing; put train_img\.mat, .* of data/pascal in github"):
        load(folder)
