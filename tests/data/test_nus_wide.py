"""MRL's file of NUS-WIDE with all of its rows and few columns."""

import h5py
import numpy as np
import pytest

from pipeline.core.errors import BadInput, MissingFiles
from pipeline.data.nus_wide import FILE, NusWide

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
