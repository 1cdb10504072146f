"""MRL's two files of XMediaNet: the pairs with all of their rows and few columns, the four views in small."""

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from pipeline.core.errors import BadInput, MissingFiles
from pipeline.data.xmedianet import FOUR, TWO, XMediaNet

PAIRS = {"train": 32000, "test": 8000}
QUADS = {"train": 600, "valid": 200, "test": 400}


def load(folder, views, progress=lambda done, total: None):
    return XMediaNet(folder, views).load(progress)


def test_pairs_in_the_split_of_mrl(tmp_path):
    with h5py.File(tmp_path / TWO, "w") as content:
        for split, count in PAIRS.items():
            labels = (np.arange(count) * 3 % 200)[:, None]
            content[f"{split}_imgs_deep"] = np.arange(count, dtype=np.float32)[:, None]
            content[f"{split}_text"] = np.arange(count, dtype=np.float32)[:, None] * [[1, -1]]
            content[f"{split}_imgs_labels"] = labels
            content[f"{split}_texts_labels"] = labels
    seen = []
    raw = load(tmp_path, 2, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (40000, 40000)
    assert raw.split.tolist() == ["train"] * 32000 + ["valid"] * 4000 + ["test"] * 4000
    positions = np.concatenate([np.arange(count) for count in PAIRS.values()])
    assert np.array_equal(raw.labels, positions * 3 % 200)
    assert len(raw.class_names) == 200
    assert np.array_equal(raw.views["text"].samples, positions[:, None] * np.float32([[1, -1]]))


def cell(arrays):
    result = np.empty((1, len(arrays)), dtype=object)
    for position, array in enumerate(arrays):
        result[0, position] = array
    return result


def quads():
    content = {}
    for split, count in QUADS.items():
        labels = np.arange(count) % 200 + 1
        content[split] = cell([np.arange(count)[:, None] + 0.25 * np.ones(width) for width in (2, 3, 4, 5)])
        content[f"{split}_labels"] = cell([labels[None], labels[:, None], labels[None], labels[:, None]])
    return content


def test_four_views(tmp_path):
    savemat(tmp_path / FOUR, quads())
    raw = load(tmp_path, 4)
    assert {split: int((raw.split == split).sum()) for split in QUADS} == QUADS
    widths = {"image": 2, "text": 3, "third": 4, "fourth": 5}
    assert {view: x.samples.shape for view, x in raw.views.items()} == {v: (1200, w) for v, w in widths.items()}
    positions = np.concatenate([np.arange(count) for count in QUADS.values()])
    assert np.array_equal(raw.labels, positions % 200)
    for view in widths:
        assert np.array_equal(raw.views[view].samples[:, 0], positions.astype(np.float32) + 0.25)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"valid": np.zeros((200, 4))}, "it holds no cell array of 4 arrays of numbers named valid; copy"),
        ({"valid": cell([np.zeros((200, 2))] * 3)}, "no cell array of 4 arrays of numbers named valid"),
        ({"test": cell(["words"] * 4)}, "no cell array of 4 arrays of numbers named test"),
        ({"train": None}, "no cell array of 4 arrays of numbers named train"),
        (
            {"valid_labels": cell([np.arange(200)] * 3 + [np.arange(200)[::-1]])},
            r"valid_labels\{4\}: 200 labels differ",
        ),
        ({"test": cell([np.zeros((400, w)) for w in (2, 3, 4)] + [np.zeros((399, 5))])}, r"test\{4\}: it is 399 x 5"),
    ],
)
def test_an_unusable_file_of_four_views_is_explained(tmp_path, change, complaint):
    savemat(tmp_path / FOUR, {name: array for name, array in (quads() | change).items() if array is not None})
    with pytest.raises(BadInput, match=complaint):
        load(tmp_path, 4)


@pytest.mark.parametrize(("views", "name"), [(2, TWO), (4, FOUR)])
def test_a_missing_file_is_named(tmp_path, views, name):
    with pytest.raises(MissingFiles, match=f"{name} is missing; put {name} into this folder"):
        load(tmp_path, views)
