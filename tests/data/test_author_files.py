"""What is common to files of features: reading, pairing, and the sentence where something is wrong."""

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from pipeline.core.errors import BadInput, MissingFiles
from pipeline.data.base.author_files import (
    Variable,
    from_matlab,
    named,
    needed,
    numbered,
    paired,
    pairs_of_mrl,
    read_hdf5,
    read_matlab,
)

SIZES = {"train": 8, "valid": 4, "test": 6}
CLASSES = 4


def part(rows, start=0, seed=0):
    draw = np.random.default_rng(seed + rows)
    labels = np.arange(rows) % CLASSES + start
    return {
        "imgs_deep": draw.standard_normal((rows, 5)),
        "imgs_labels": labels.copy(),
        "text": draw.standard_normal((rows, 3)).astype(np.float32),
        "texts_labels": labels,
    }


def write(file, **splits):
    with h5py.File(file, "w") as content:
        for split, arrays in splits.items():
            for name, array in arrays.items():
                content[f"{split}_{name}"] = array


@pytest.fixture
def file(tmp_path):
    write(tmp_path / "pairs.h5py", train=part(8), test=part(10, start=1))
    return tmp_path / "pairs.h5py"


def load(file):
    return pairs_of_mrl(file, SIZES, numbered(CLASSES))


def test_the_first_test_rows_validate(file):
    raw = load(file)
    assert raw.split.tolist() == ["train"] * 8 + ["valid"] * 4 + ["test"] * 6
    assert raw.ids[7:9] == ["train-00007", "valid-00000"]
    assert raw.labels.dtype == np.int64
    assert raw.labels.tolist() == [0, 1, 2, 3] * 2 + [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]
    assert raw.class_names == ["class 1", "class 2", "class 3", "class 4"]
    for view, name in (("image", "imgs_deep"), ("text", "text")):
        assert raw.views[view].kind == "features"
        assert raw.views[view].samples.dtype == np.float32
        given = np.concatenate([part(8)[name], part(10)[name]]).astype(np.float32)
        assert np.array_equal(raw.views[view].samples, given)


def test_a_valid_split_and_the_other_spelling_of_texts_are_read(tmp_path):
    splits = {split: part(rows, seed=7) for split, rows in SIZES.items()}
    for arrays in splits.values():
        arrays["texts"] = arrays.pop("text")
    write(tmp_path / "pairs.h5py", **splits)
    raw = load(tmp_path / "pairs.h5py")
    given = np.concatenate([arrays["texts"] for arrays in splits.values()])
    assert np.array_equal(raw.views["text"].samples, given)
    assert raw.split.tolist() == ["train"] * 8 + ["valid"] * 4 + ["test"] * 6


@pytest.mark.parametrize(
    ("name", "array", "complaint"),
    [
        ("imgs_deep", np.zeros((7, 5)), "train_imgs_deep: it is 7 x 5, not 8 x 5"),
        ("imgs_deep", np.zeros(8), "train_imgs_deep: it is 8, not 8 x features"),
        ("imgs_deep", np.zeros((8, 0)), "train_imgs_deep: it is 8 x 0, not 8 x features"),
        ("imgs_deep", 1.0, "train_imgs_deep: it is a single number, not 8 x features"),
        ("imgs_deep", np.zeros((8, 6)), "test_imgs_deep: it is 10 x 5, not 10 x 6"),
        ("text", np.full((8, 3), 1e300), "train_text: it is not finite in row 0"),
        (
            "text",
            np.where(np.arange(8)[:, None] == 5, np.nan, np.ones((8, 3))),
            "train_text: it is not finite in row 5",
        ),
        ("text", np.array([b"word"] * 8), "it holds no array of numbers named train_text or train_texts"),
        ("imgs_deep", np.ones((8, 5)) * 1j, "it holds no array of numbers named train_imgs_deep"),
        ("imgs_labels", np.arange(8), "train_imgs_labels: its labels from 0 to 7 do not number 4 classes"),
        ("imgs_labels", np.arange(8) % 4 + 2, "its labels from 2 to 5 do not number 4 classes"),
        ("imgs_labels", np.arange(8) % 3, "its labels from 0 to 2 do not number 4 classes"),
        ("imgs_labels", np.arange(8) % 4 * 0.5, r"its labels from 0\.0 to 1\.5 do not"),
        ("imgs_labels", np.array([0, 0.5, 1, 2, 3, 3, 3, 3]), r"its labels from 0\.0 to 3\.0 do not"),
        ("imgs_labels", np.full(8, np.nan), "its labels from nan to nan do not"),
        ("imgs_labels", np.arange(9) % 4, "train_imgs_labels: it is 9, not 8 labels"),
        ("imgs_labels", np.zeros((2, 4)), "train_imgs_labels: it is 2 x 4, not 8 labels"),
        (
            "texts_labels",
            np.array([0, 1, 2, 3, 0, 2, 1, 3]),
            "train_texts_labels: 2 labels differ from .*train_imgs_labels, the first in row 5; pair the rows",
        ),
    ],
)
def test_unusable_arrays_are_explained(file, name, array, complaint):
    with h5py.File(file, "r+") as content:
        del content[f"train_{name}"]
        content[f"train_{name}"] = array
    with pytest.raises(BadInput, match=complaint):
        load(file)


def test_a_missing_array_is_named(file):
    with h5py.File(file, "r+") as content:
        del content["test_texts_labels"]
        content.create_group("test_texts_labels")
    with pytest.raises(BadInput, match="it holds no array of numbers named test_texts_labels; copy"):
        load(file)


@pytest.mark.parametrize("damage", [lambda x: b"", lambda x: b"no HDF5" * 99, lambda x: x[:100], lambda x: x[:1500]])
def test_a_broken_hdf5_file_is_explained(file, damage):
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(BadInput, match=r"pairs\.h5py: this is no whole HDF5 file; copy"):
        load(file)


def test_only_the_named_variables_are_read(file, tmp_path):
    assert sorted(read_hdf5(file, ["train_text", "absent"])) == ["train_text"]
    savemat(tmp_path / "a.mat", {"a": np.eye(2), "b": np.eye(3)})
    assert sorted(read_matlab(tmp_path / "a.mat", ["a", "absent"])) == ["a"]
    location, array = from_matlab(tmp_path / "a.mat", "b")
    assert location == f"{tmp_path / 'a.mat'}, b"
    assert np.array_equal(array, np.eye(3))


@pytest.mark.parametrize("damage", [lambda x: b"", lambda x: x[:200], lambda x: b"no MATLAB file" * 99])
def test_a_broken_matlab_file_is_explained(tmp_path, damage):
    savemat(tmp_path / "a.mat", {"a": np.eye(20)})
    (tmp_path / "a.mat").write_bytes(damage((tmp_path / "a.mat").read_bytes()))
    with pytest.raises(BadInput, match=r"a\.mat: this is no whole MATLAB file; copy"):
        from_matlab(tmp_path / "a.mat", "a")


def test_labels_may_be_a_row_or_a_column():
    x = Variable("x", np.zeros((4, 1)))
    for shape, start in (((4,), 0), ((4, 1), 1), ((1, 4), 0)):
        labels = Variable("y", (np.array([2, 0, 1, 0], dtype=np.uint8) + np.uint8(start)).reshape(shape))
        raw = paired([4], [{"image": (x, labels), "text": (x, labels)}], {"train": 4}, numbered(3))
        assert raw.labels.tolist() == [2, 0, 1, 0]


def test_needed_names_the_first_missing_file(tmp_path):
    (tmp_path / "a").touch()
    assert needed(tmp_path, ["a"], "put it there") == [tmp_path / "a"]
    with pytest.raises(MissingFiles, match=f"{tmp_path}: b is missing; put it there"):
        needed(tmp_path, ["a", "b"], "put it there")


def test_named_classes_are_words_that_all_differ(tmp_path):
    file = tmp_path / "categories.list"
    file.write_bytes(b"art biology\r\n\nmusic\n")
    assert named(file, 3) == ["art", "biology", "music"]
    for content, count in (("art music", 2), ("art music art", 2), ("", 0), ("a b c d", 4)):
        file.write_text(content)
        with pytest.raises(BadInput, match=rf"categories\.list: it names {count} classes, not 3; copy the authors"):
            named(file, 3)
