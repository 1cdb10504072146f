"""The two layouts of RONO's 3D MNIST, written here byte by byte in small."""

import gzip
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from pipeline.core.errors import BadInput, MissingFiles
from pipeline.core.seeds import generator
from pipeline.data import mnist3d_rono
from pipeline.data.base.extrusion import point_cloud
from pipeline.data.mnist3d_rono import MNIST, Mnist3dRono
from stages.fetch import main as fetch
from tests.support import tiny

PROTOCOL = mnist3d_rono.SIZES
SIZES = {"train": 30, "test": 20}
SPARE = 5
POINTS = 16
SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(mnist3d_rono, "SIZES", SIZES)


def digits(split):
    """More samples than the protocol takes: pictures of random strokes, classes 0..9 in turn."""
    total = SIZES[split] + SPARE
    draw = np.random.default_rng(len(split))
    pictures = (draw.random((total, 28, 28)) < 0.1) * draw.integers(1, 256, (total, 28, 28))
    return pictures.astype(np.uint8), (np.arange(total) * 3 % 10).astype(np.uint8)


def idx(array, kind=8):
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, kind, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def mnist(tmp_path):
    """MNIST's four files, those of the training split packed."""
    for split, names in MNIST.items():
        for name, array in zip(names, digits(split), strict=True):
            if split == "train":
                (tmp_path / f"{name}.gz").write_bytes(gzip.compress(idx(array)))
            else:
                (tmp_path / name).write_bytes(idx(array))
    return tmp_path


@pytest.fixture
def authors(tmp_path):
    """The authors' six files, one of them nested as in their loader, and their label files' float64."""
    (tmp_path / "3D_MNIST").mkdir()
    for split, size in SIZES.items():
        pictures, labels = digits(split)
        features = np.random.default_rng(size).standard_normal((size, 12))
        np.save(tmp_path / f"{split}_img_feat.npy", pictures[:size])
        np.save(tmp_path / ("3D_MNIST" if split == "test" else "") / f"{split}_pt_feat.npy", features)
        np.save(tmp_path / f"{split}_ori_label.npy", labels[:size].astype(np.float64))
    return tmp_path


def load(folder, seed=0, progress=lambda done, total: None):
    return Mnist3dRono(folder, seed, POINTS).load(progress)


def test_sizes_and_name_are_the_papers():
    assert PROTOCOL == {"train": 5000, "test": 1000}
    assert Mnist3dRono.display == "3D-MNIST"


@pytest.mark.parametrize("layout", ["mnist", "authors"])
def test_the_first_samples_of_each_split_in_order(layout, request):
    seen = []
    raw = load(request.getfixturevalue(layout), progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (50, 50)
    assert raw.ids[0] == "train-0000"
    assert raw.ids[30] == "test-0000"
    assert raw.split.tolist() == ["train"] * 30 + ["test"] * 20
    assert raw.labels.dtype == np.int64
    assert raw.class_names == list("0123456789")
    for split, size in SIZES.items():
        pictures, labels = digits(split)
        rows = raw.split == split
        assert np.array_equal(raw.labels[rows], labels[:size])
        assert np.array_equal(raw.views["image"].samples[rows], pictures[:size])
        assert raw.views["image"].samples.dtype == np.uint8


def test_mnist_gives_clouds_drawn_from_seed_and_id(mnist):
    raw, other = load(mnist), load(mnist, seed=1)
    assert raw.views["cloud"].kind == "cloud"
    for row in (0, 29, 49):
        draw = generator(0, "mnist3d_rono", "points", raw.ids[row])
        expected = point_cloud(raw.views["image"].samples[row], POINTS, draw)
        assert np.array_equal(raw.views["cloud"].samples[row], expected)
    assert np.array_equal(load(mnist).views["cloud"].samples, raw.views["cloud"].samples)
    assert not np.array_equal(other.views["cloud"].samples, raw.views["cloud"].samples)
    assert np.array_equal(other.split, raw.split)


def test_the_authors_features_stay_as_they_are(authors):
    cloud = load(authors).views["cloud"]
    assert cloud.kind == "features"
    assert cloud.samples.dtype == np.float32
    given = [np.random.default_rng(size).standard_normal((size, 12)) for size in SIZES.values()]
    assert np.array_equal(cloud.samples, np.concatenate(given).astype(np.float32))


def test_the_authors_files_go_first(mnist, authors):
    assert load(authors).views["cloud"].kind == "features"
    (authors / "train_pt_feat.npy").unlink()
    with pytest.raises(MissingFiles, match=r"train_pt_feat\.npy is missing"):
        load(authors)


@pytest.mark.parametrize("convert", [lambda x: x.astype(float), lambda x: (x / 255).astype(np.float32)])
def test_pictures_stored_as_floats_become_bytes(authors, convert):
    pictures = digits("train")[0][:30]
    np.save(authors / "train_img_feat.npy", convert(pictures))
    assert np.array_equal(load(authors).views["image"].samples[:30], pictures)


@pytest.mark.parametrize(
    ("file", "array", "complaint"),
    [
        ("train_img_feat.npy", np.full((30, 28, 28), 256), "other values than"),
        ("train_img_feat.npy", np.full((30, 28, 28), -0.4), "other values than"),
        ("train_img_feat.npy", np.full((30, 28, 28), 0.5), "other values than"),
        ("train_img_feat.npy", np.full((30, 28, 28), np.nan), "other values than"),
        ("train_img_feat.npy", np.zeros((30, 784), dtype=np.uint8), "30 x 784 has not 30 rows of 2 dimensions"),
        ("train_img_feat.npy", np.zeros((29, 28, 28), dtype=np.uint8), "29 x 28 x 28 has not 30 rows"),
        ("test_img_feat.npy", np.zeros((20, 30, 30)), "training samples of 28 x 28 numbers, test samples of 30 x 30"),
        ("train_pt_feat.npy", np.zeros((30, 13)), "training samples of 13 numbers, test samples of 12"),
        (
            "train_pt_feat.npy",
            np.array([{}] * 30),
            r"train_pt_feat\.npy: it holds Python objects, which are never opened",
        ),
        (
            "test_ori_label.npy",
            np.full(20, 10.0),
            r"test_ori_label\.npy: label 10.0 of sample 0 is none of the classes",
        ),
        ("test_ori_label.npy", np.zeros(21), "it holds 21 labels, the split has 20 samples"),
    ],
)
def test_unusable_files_of_the_authors_are_explained(authors, file, array, complaint):
    np.save(authors / file, array, allow_pickle=True)
    with pytest.raises(BadInput, match=complaint):
        load(authors)


LABELS = digits("test")[1]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "no idx file of unsigned bytes in 1 dimensions"),
        (idx(LABELS)[:7], "no idx file"),
        (idx(LABELS, kind=9), "no idx file"),
        (idx(LABELS.reshape(5, 5)), "no idx file"),
        (b"\x01" + idx(LABELS)[1:], "no idx file"),
        (idx(LABELS)[:-1], "24 bytes where its header says 25"),
        (idx(LABELS) + b"\0", "26 bytes where its header says 25"),
        (idx(LABELS[:-1]), "25 pictures and 24 labels up to 9"),
        (idx(LABELS + 5), "25 pictures and 25 labels up to 14"),
    ],
)
def test_broken_idx_files_are_explained(mnist, content, complaint):
    (mnist / MNIST["test"][1]).write_bytes(content)
    with pytest.raises(BadInput, match=rf"t10k-labels-idx1-ubyte: .*{complaint}.*; "):
        load(mnist)


@pytest.mark.parametrize("damage", [lambda x: x[:-20], lambda x: b"no gzip", lambda x: x[:40] + b"\xff" * 40 + x[80:]])
def test_a_broken_archive_is_explained(mnist, damage):
    file = mnist / "train-images-idx3-ubyte.gz"
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(BadInput, match=r"train-images-idx3-ubyte\.gz: the file cannot be unpacked; download"):
        load(mnist)


def test_too_few_samples_are_an_error(mnist, monkeypatch):
    monkeypatch.setattr(mnist3d_rono, "SIZES", {"train": 36, "test": 20})
    with pytest.raises(BadInput, match=r"35 pictures and 35 labels up to 9, where the protocol takes the first 36"):
        load(mnist)


def test_without_files_the_stage_says_what_to_put_where(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    block = {"load": {"folder": "files/digits", "seed": 0, "points": POINTS}}
    Path("params.yaml").write_text(yaml.safe_dump(tiny.with_dataset("mnist3d_rono", block)))

    def offline(url, file, *rest):
        raise MissingFiles("no network", str(file), "get it by hand")

    monkeypatch.setattr("stages.fetch.download", offline)
    result = CliRunner().invoke(fetch, ["mnist3d_rono"])
    assert result.exit_code == 2
    sentence = result.stderr.splitlines()[-1]
    assert sentence.startswith("Error: files/digits: train-images-idx3-ubyte is missing; put MNIST's ")
    for names in MNIST.values():
        assert all(name in sentence for name in names)
    assert "train_ori_label.npy" in sentence
    assert "train_label_20.npy" in sentence
    assert [path.name for path in tmp_path.iterdir()] == ["params.yaml"]


@pytest.mark.skipif(not (SHARED / "mnist").is_dir(), reason="MNIST's files are not in ../shared/data/mnist")
def test_the_real_digits_are_those_of_ronos_label_files(tmp_path, monkeypatch):
    monkeypatch.setattr(mnist3d_rono, "SIZES", PROTOCOL)
    monkeypatch.setattr(mnist3d_rono, "point_clouds", lambda images, *rest: np.zeros((len(images), 1, 3), np.float32))
    shutil.copytree(SHARED / "mnist", tmp_path, dirs_exist_ok=True)
    raw = load(tmp_path)
    for split in ("train", "test"):
        recorded = np.load(SHARED / "rono_labels" / f"{split}_ori_label.npy", allow_pickle=False)
        assert np.array_equal(raw.labels[raw.split == split], recorded)


@pytest.mark.parametrize("layout", ["mnist", "authors"])
def test_all_files_of_both_layouts_are_known(layout, request):
    folder = request.getfixturevalue(layout)
    for rate in (20, 30):
        (folder / f"train_label_{rate}.npy").touch()
    dataset = Mnist3dRono(folder, 0, POINTS)
    assert set(dataset.brought()) <= set(dataset.expected())
    stray = folder / "train-images.idx3-ubyte"
    stray.touch()
    assert set(dataset.brought()) - set(dataset.expected()) == {stray}
