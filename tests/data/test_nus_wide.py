"""MRL's file of NUS-WIDE with all of its rows and few columns, and the dataset's label lists in small."""

import h5py
import numpy as np
import pytest

from pipeline.core.errors import BadInput, MissingFiles
from pipeline.data.nus_wide import FILE, NusWide, single_label

SIZES = {"train": 42941, "valid": 5000, "test": 23661}


def write(file, rows):
    with h5py.File(file, "w") as content:
        for split, count in rows.items():
            labels = np.arange(count) % 10 + 1
            content[f"{split}_imgs_deep"] = np.arange(count, dtype=np.float32)[:, None] * [[1, 2]]
            content[f"{split}_text"] = np.arange(count)[:, None] - 0.5
            content[f"{split}_imgs_labels"] = labels
            content[f"{split}_texts_labels"] = labels


def load(folder, progress=lambda done, total: None):
    return NusWide(folder).load(progress)


@pytest.mark.parametrize("rows", [SIZES, {"train": 42941, "test": 28661}])
def test_mrls_rows_labels_and_split_with_and_without_a_valid_split(tmp_path, rows):
    write(tmp_path / FILE, rows)
    seen = []
    raw = load(tmp_path, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (71602, 71602)
    assert {split: int((raw.split == split).sum()) for split in SIZES} == SIZES
    positions = np.concatenate([np.arange(count) for count in rows.values()])
    assert np.array_equal(raw.labels, positions % 10)
    assert np.array_equal(raw.views["image"].samples, positions[:, None] * np.float32([[1, 2]]))
    assert np.array_equal(raw.views["text"].samples[:, 0], positions.astype(np.float32) - 0.5)


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (
            {"train": 42941, "test": 23661},
            "test_imgs_deep: it is 23661 x 2, not 28661 x 2|it is 23661, not 28661 labels",
        ),
        ({"train": 42940, "test": 28661}, "it is 42940, not 42941 labels"),
    ],
)
def test_another_split_is_explained(tmp_path, rows, complaint):
    write(tmp_path / FILE, rows)
    with pytest.raises(BadInput, match=complaint):
        load(tmp_path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MissingFiles, match=r"nus_wide_deep_doc2vec_data_42941\.h5py is missing; put .* ask MRL's auth"):
        load(tmp_path)


def member_lists():
    """Concept -> 0 or 1 for 60 pictures: c00..c09 are the largest; some pictures have two of them or none."""
    lists = {f"c{number:02d}": np.zeros(60, dtype=int) for number in range(81)}
    for picture in range(50):
        lists[f"c{picture % 10:02d}"][picture] = 1
    lists["c07"][[0, 50]] = 1
    lists["c03"][10:14] = 1
    lists["c40"][[1, 2, 55]] = 1
    return lists


@pytest.fixture
def groundtruth(tmp_path):
    for concept, column in member_lists().items():
        (tmp_path / f"Labels_{concept}.txt").write_text("".join(f"{value}\n" for value in column))
    return tmp_path


def test_pictures_of_exactly_one_of_the_ten_largest_concepts(groundtruth):
    rows, classes, names = single_label(groundtruth)
    assert names == ["c03", "c07", "c00", "c01", "c02", "c04", "c05", "c06", "c08", "c09"]
    lists = member_lists()
    expected = {
        picture: next(concept for concept in names if lists[concept][picture])
        for picture in range(60)
        if sum(lists[concept][picture] for concept in names) == 1
    }
    assert {row: names[number] for row, number in zip(rows, classes, strict=True)} == expected
    assert not {0, 10, 11, 12, 55} & set(rows.tolist())
    assert {1, 2, 13, 50} <= set(rows.tolist())
    assert rows.dtype == classes.dtype == np.int64


def test_unusable_lists_are_explained(groundtruth):
    (groundtruth / "Labels_c05.txt").write_text("0\n1\n")
    with pytest.raises(BadInput, match=r"Labels_c05\.txt: it has 2 lines, Labels_c00\.txt 60"):
        single_label(groundtruth)
    (groundtruth / "Labels_c05.txt").write_text("0\n-1\n" * 30)
    with pytest.raises(BadInput, match=r"Labels_c05\.txt: it holds other lines than 0 and 1"):
        single_label(groundtruth)
    (groundtruth / "Labels_c05.txt").unlink()
    with pytest.raises(
        MissingFiles, match=r"it holds 80 files Labels_<concept>\.txt, not 81; put those of Groundtruth"
    ):
        single_label(groundtruth)
