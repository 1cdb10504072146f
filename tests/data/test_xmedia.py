"""XMedia's MATLAB file, written here with all of its rows and few columns, by MATLAB 5 and as 7.3."""

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from pipeline.core.errors import BadInput, MissingFiles
from pipeline.data.xmedia import FILE, XMedia

ROWS = {"tr": 4000, "te": 1000}


def content():
    arrays = {}
    for part, rows in ROWS.items():
        base = np.arange(rows)[:, None]
        arrays |= {
            f"I_{part}_CNN": base + np.array([[0.0, 0.5]]),
            f"T_{part}_BOW": (base * [[1, 2, 3]]).astype(np.uint16),
            f"{part}ImgCat": 1 + base % 20,
            f"{part}TxtCat": 1 + base % 20,
        }
    return arrays


def write_as_7_3(file, arrays):
    """HDF5 as MATLAB writes it: behind a block of 512 bytes of text, axes in reverse."""
    with h5py.File(file, "w", userblock_size=512) as written:
        for name, array in arrays.items():
            written[name] = array.T
    with file.open("r+b") as written:
        written.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(116) + bytes(8) + b"\x00\x02IM")


@pytest.fixture(params=[savemat, write_as_7_3])
def write(request):
    return request.param


def load(folder, progress=lambda done, total: None):
    return XMedia(folder).load(progress)


def test_the_authors_rows_labels_and_split(tmp_path, write):
    write(tmp_path / FILE, content())
    seen = []
    raw = load(tmp_path, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (5000, 5000)
    assert raw.split.tolist() == ["train"] * 4000 + ["valid"] * 500 + ["test"] * 500
    assert raw.labels.tolist() == [row % 20 for rows in ROWS.values() for row in range(rows)]
    assert len(raw.class_names) == 20
    assert {view: x.samples.shape for view, x in raw.views.items()} == {"image": (5000, 2), "text": (5000, 3)}
    assert {x.samples.dtype for x in raw.views.values()} == {np.dtype(np.float32)}
    assert raw.views["image"].samples[4001].tolist() == [1.0, 1.5]
    assert raw.views["text"].samples[-1].tolist() == [999, 1998, 2997]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"I_te_CNN": np.zeros((999, 2))}, "I_te_CNN: it is 999 x 2, not 1000 x 2"),
        ({"trImgCat": np.arange(4000)[:, None] % 21}, "trImgCat: its labels from 0 to 20 do not number 20 classes"),
        ({"T_tr_BOW": None}, "it holds no array of numbers named T_tr_BOW; copy"),
    ],
)
def test_an_unusable_file_is_explained(tmp_path, write, change, complaint):
    write(tmp_path / FILE, {name: array for name, array in (content() | change).items() if array is not None})
    with pytest.raises(BadInput, match=complaint):
        load(tmp_path)


def test_a_damaged_file_is_explained(tmp_path):
    write_as_7_3(tmp_path / FILE, content())
    (tmp_path / FILE).write_bytes((tmp_path / FILE).read_bytes()[:2000])
    with pytest.raises(BadInput, match=r"XMediaFeatures\.mat: this is no whole HDF5 file; copy"):
        load(tmp_path)


def test_a_missing_file_is_named_with_both_places(tmp_path):
    places = r"put .* datasets/XMediaFeatures\.mat of github\.com/perquisite/RSHNL; .* data/xmedia\.zip of huggingface"
    with pytest.raises(MissingFiles, match=rf"XMediaFeatures\.mat is missing; {places}"):
        load(tmp_path)
