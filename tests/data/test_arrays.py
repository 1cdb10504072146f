"""A user's own features: what comes out, and the sentence for every fault in their files."""

import re
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from pipeline.core.errors import BadInput, BadParams, UnknownName
from pipeline.data.arrays import Arrays
from pipeline.data.base.splits import SHARES, hashed

N = 90
RNG = np.random.default_rng(0)
IMAGE, TEXT = RNG.normal(size=(N, 5)), RNG.integers(0, 9, (N, 4))
NAMES = np.array(["cat", "dog", "ant"])[np.arange(N) % 3]
SPLIT = np.array(["train"] * 60 + ["val"] * 10 + ["test"] * 20)


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("f.npz", image=IMAGE, labels=NAMES, split=SPLIT, ids=np.arange(N) + 1000)
    savemat("t.mat", {"text": TEXT, "labels": (np.arange(N) % 3 + 1.0)[None]})


def load(**changes):
    settings = {"views": {"image": "f.npz:image", "text": "t.mat:text"}, "labels": "f.npz:labels"}
    return Arrays(**{**settings, **changes}).load(lambda done, total: None)


def test_rows_are_kept_in_order():
    raw = load(split="f.npz:split")
    assert list(raw.class_names) == ["ant", "cat", "dog"]
    assert [raw.class_names[label] for label in raw.labels] == NAMES.tolist()
    assert raw.split.tolist() == ["train"] * 60 + ["valid"] * 10 + ["test"] * 20
    assert raw.ids == [str(row) for row in range(N)]
    assert {view.kind for view in raw.views.values()} == {"features"}
    np.testing.assert_array_equal(raw.views["image"].samples, IMAGE.astype(np.float32))
    np.testing.assert_array_equal(raw.views["text"].samples, TEXT.astype(np.float32))
    assert raw.views["text"].samples.dtype == np.float32


def test_numbers_as_labels_and_three_views():
    raw = load(labels="t.mat:labels", views={"a": "f.npz:image", "b": "t.mat:text", "c": "f.npz:image"})
    assert list(raw.class_names) == ["1", "2", "3"]
    assert raw.labels.tolist() == (np.arange(N) % 3).tolist()
    assert Arrays({"a": "x", "b": "y"}, "z", clean=False).clean is False
    assert Arrays({"a": "x", "b": "y"}, "z").task == "a-b"


def test_splits_are_hashed_by_row_or_id():
    assert load().split.tolist() == hashed([str(row) for row in range(N)], SHARES, "").tolist()
    raw = load(ids="f.npz:ids", shares={"train": 0.5, "test": 0.5})
    assert raw.ids[0] == "1000"
    assert raw.split.tolist() == hashed(raw.ids, {"train": 0.5, "test": 0.5}, "").tolist()


def spoilt(array, row, value):
    changed = array.astype(np.float64).copy()
    changed[row] = value
    return changed


@pytest.mark.parametrize(
    ("setting", "key", "values", "complaint"),
    [
        ("image", "x", IMAGE[:-1], "g.npz:x: it has 89 rows|has 90 rows, g.npz:x has 89; give every file one row"),
        ("image", "x", spoilt(IMAGE, 7, np.nan), "g.npz:x: row 7, column 0 is NaN, infinite or too large; mend"),
        ("image", "x", spoilt(IMAGE, 3, 1e60), "row 3, column 0 is NaN, infinite or too large"),
        ("image", "x", IMAGE[:, 0], "90 values of float64 are no view; give one row of numbers per sample"),
        ("image", "x", IMAGE[:, :0], "90 x 0 values of float64 are no view"),
        ("image", "x", NAMES[:, None], "90 x 1 values of <U3 are no view"),
        ("image", "x", IMAGE.astype(object), "it holds Python objects, which are never opened"),
        ("labels", "y", NAMES[:-2], "g.npz:y: it has 88 rows, f.npz:image has 90"),
        ("labels", "y", np.eye(3)[np.arange(N) % 3], "90 x 3 values are no list; give one value per sample"),
        ("labels", "y", spoilt(np.arange(N), 4, np.nan), "row 4 has nan where a name or a whole number belongs"),
        ("labels", "y", spoilt(np.arange(N), 5, 1.5), "row 5 has 1.5 where"),
        ("labels", "y", np.where(np.arange(N) == 6, "", NAMES), "g.npz:y: row 6 is empty; give it a name"),
        (
            "labels",
            "y",
            np.where(np.arange(N) == 6, "rare", NAMES),
            "class 'rare' has 1 samples in all and none in the",
        ),
        ("labels", "y", NAMES.astype(object), "it holds Python objects, which are never opened"),
        ("split", "s", np.where(np.arange(N) == 8, "eval", SPLIT), "g.npz:s: row 8 has 'eval', which is no split"),
        ("split", "s", SPLIT[1:], "g.npz:s: it has 89 rows"),
        ("ids", "i", np.arange(N) // 2, "g.npz:i: rows 0 and 1 share the id '0'; give every sample its own"),
        ("ids", "i", np.arange(N + 1), "g.npz:i: it has 91 rows"),
    ],
)
def test_faults_are_one_sentence(setting, key, values, complaint):
    np.savez("g.npz", allow_pickle=True, **{key: values})
    place = f"g.npz:{key}"
    changes = {"views": {"image": place, "text": "t.mat:text"}} if setting == "image" else {setting: place}
    with pytest.raises(BadInput, match="|".join(map(re.escape, complaint.split("|")))):
        load(**changes)


def test_wrong_settings_are_named():
    with pytest.raises(UnknownName, match="unknown name 'imag'; did you mean 'image'"):
        load(views={"image": "f.npz:imag", "text": "t.mat:text"})
    with pytest.raises(BadParams, match=r"load\.views: there are 1 views; give two or more"):
        load(views={"image": "f.npz:image"})


def test_array_files_beside_those_named_are_not_known():
    Path("deeper").mkdir()
    for name in ("g.npz", "deeper/h.npz", "readme.md", ".hidden.npy", "T2.MAT"):
        Path(name).touch()
    dataset = Arrays({"image": "f.npz:image", "text": "t.mat:text"}, "f.npz:labels", split="lost.npz:split")
    assert dataset.expected() == [Path("f.npz"), Path("t.mat"), Path("lost.npz")]
    assert dataset.brought() == [Path(name) for name in ("T2.MAT", "f.npz", "g.npz", "t.mat")]
