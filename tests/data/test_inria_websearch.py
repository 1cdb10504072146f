"""INRIA-Websearch's MATLAB file, written here with all of its rows and few columns."""

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from pipeline.core.errors import BadInput, MissingFiles
from pipeline.data.inria_websearch import FILE, InriaWebsearch

ROWS = {"tr": 9000, "val": 1332, "te": 4366}
RFCMH = {"img": "img", "txt": "text", "img_lab": "label"}


def content():
    arrays = {}
    for prefix, rows in ROWS.items():
        labels = (np.arange(rows) * 7 % 100).astype(np.uint8)
        base = np.arange(rows)[:, None]
        arrays |= {
            f"{prefix}_img": base + np.array([[0.0, 0.5]]),
            f"{prefix}_txt": (base * [[1, 2, 3]]).astype(np.float32),
            f"{prefix}_img_lab": labels[None],
            f"{prefix}_txt_lab": labels[:, None],
        }
    return arrays


@pytest.fixture
def folder(tmp_path):
    savemat(tmp_path / FILE, content())
    return tmp_path


def load(folder, progress=lambda done, total: None):
    return InriaWebsearch(folder).load(progress)


def test_the_authors_rows_labels_and_split(folder):
    seen = []
    raw = load(folder, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (14698, 14698)
    assert raw.split.tolist() == ["train"] * 9000 + ["valid"] * 1332 + ["test"] * 4366
    assert raw.labels.tolist() == [row * 7 % 100 for rows in ROWS.values() for row in range(rows)]
    assert len(raw.class_names) == 100
    assert {view: x.samples.shape for view, x in raw.views.items()} == {"image": (14698, 2), "text": (14698, 3)}
    assert raw.views["image"].samples[9001].tolist() == [1.0, 1.5]
    assert raw.views["text"].samples[-1].tolist() == [4365, 8730, 13095]


def test_the_names_of_rfcmh_are_read_too(folder):
    splits = {"tr": "train", "val": "valid", "te": "test"}
    names = {f"{a}_{kind}": f"{other}_{b}" for a, b in splits.items() for kind, other in RFCMH.items()}
    other, written = load(folder), content()
    savemat(folder / FILE, {spelling: written[name] for name, spelling in names.items()})
    one = load(folder)
    assert np.array_equal(one.labels, other.labels)
    assert all(np.array_equal(one.views[view].samples, other.views[view].samples) for view in one.views)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"val_img": np.zeros((1331, 2))}, "val_img: it is 1331 x 2, not 1332 x 2"),
        ({"te_txt": np.zeros((3, 4366))}, "te_txt: it is 3 x 4366, not 4366 x 3"),
        ({"tr_img_lab": np.arange(9000) % 100 + 2}, "tr_img_lab: its labels from 2 to 101 do not number 100 classes"),
        ({"te_txt_lab": np.arange(4366) % 100}, "te_txt_lab: .* labels differ from .*te_img_lab, the first in row 1"),
        ({"val_txt": None}, "it holds no array of numbers named val_txt or text_valid; copy"),
        ({"tr_txt": "words"}, "it holds no array of numbers named tr_txt or text_train; copy"),
    ],
)
def test_an_unusable_file_is_explained(tmp_path, change, complaint):
    savemat(tmp_path / FILE, {name: array for name, array in (content() | change).items() if array is not None})
    with pytest.raises(BadInput, match=complaint):
        load(tmp_path)


def test_the_file_that_is_written_has_the_keys_that_mrl_reads(folder):
    names = {name for name in loadmat(folder / FILE) if not name.startswith("__")}
    assert names == {f"{p}_{k}{e}" for p in ("tr", "val", "te") for k in ("img", "txt") for e in ("", "_lab")}


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MissingFiles, match=r"INRIA-Websearch\.mat is missing; put .* ask MRL's authors"):
        load(tmp_path)
