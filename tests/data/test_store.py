import numpy as np
import pytest
from PIL import Image

from pipeline.core.datasets import RawDataset, RawView
from pipeline.core.errors import BadInput
from pipeline.core.plugins import build
from pipeline.data.base import store as rawstore
from pipeline.samples.base import PACKAGE, Kind
from pipeline.samples.base.sample_files import SampleFiles

FILES = ["manifest.csv", "meta.json", "image.npy", "photo.files.csv", "text.json", "cloud.npy", "given.npy"]


def photos(folder):
    """Three pictures in a user's folder."""
    paths = [folder / f"{name}.png" for name in ("a", "b, c", "ü")]
    for number, path in enumerate(paths):
        Image.new("RGB", (4, 4), (number, 7, 9)).save(path)
    kind = build(PACKAGE, "image", Kind, {"side": 3})
    return SampleFiles.of(kind, folder, paths, [path.stem for path in paths], lambda done, total: None)


@pytest.fixture
def raw(tmp_path_factory):
    generator = np.random.default_rng(0)
    return RawDataset(
        ids=["a", "b, c", "ü"],
        views={
            "image": RawView("image", generator.integers(0, 256, (3, 4, 4, 3), dtype=np.uint8)),
            "photo": RawView("image", photos(tmp_path_factory.mktemp("photos"))),
            "text": RawView("text", ["one", 'two "quoted"\nlines', "drei ☃"]),
            "cloud": RawView("cloud", generator.random((3, 5, 3), dtype=np.float32)),
            "given": RawView("features", generator.random((3, 7), dtype=np.float32)),
        },
        labels=np.array([1, 0, 1]),
        split=np.array(["train", "valid", "test"]),
        concept=["x", "y", "z"],
        class_names=["red, green", "blue"],
    )


@pytest.fixture
def folder(raw, tmp_path):
    rawstore.write(raw, tmp_path / "raw")
    return tmp_path / "raw"


def test_gives_back_what_was_written(raw, folder):
    back = rawstore.read(folder)
    assert back.ids == raw.ids
    assert back.concept == raw.concept
    assert back.class_names == raw.class_names
    assert np.array_equal(back.labels, raw.labels)
    assert np.array_equal(back.split, raw.split)
    assert list(back.views) == list(raw.views)
    for name, view in raw.views.items():
        assert back.views[name].kind == view.kind
        assert np.array_equal(back.views[name].samples, view.samples)
        assert np.asarray(back.views[name].samples).dtype == np.asarray(view.samples).dtype


def test_same_dataset_same_bytes(raw, folder, tmp_path):
    rawstore.write(rawstore.read(folder), tmp_path / "again")
    first = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert set(first) == set(FILES)
    assert first == {file.name: file.read_bytes() for file in (tmp_path / "again").iterdir()}


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_is_named(folder, file):
    (folder / file).unlink()
    with pytest.raises(BadInput, match=f"{file}: the file is missing; "):
        rawstore.read(folder)


@pytest.mark.parametrize("file", FILES)
def test_a_file_cut_short_is_named(folder, file):
    content = (folder / file).read_bytes()
    (folder / file).write_bytes(content[: len(content) // 2])
    with pytest.raises(BadInput, match=file):
        rawstore.read(folder)


@pytest.mark.parametrize(
    ("file", "content", "complaint"),
    [
        ("meta.json", b"{}", "is missing"),
        ("meta.json", b"[]", "is missing"),
        ("manifest.csv", b"id,class\na,blue\n", "the columns are not"),
        ("manifest.csv", b"id,class,split,concept\n", "no rows"),
        ("manifest.csv", b"id,class,split,concept\na,blue,sometimes,x\n", "sample 1 has an unknown"),
        ("manifest.csv", b"\xff\xfe", "not a CSV table"),
        ("text.json", b'["one"]', "1 samples where manifest.csv has 3"),
        ("text.json", b'{"one": 1}', "not a list of texts"),
        ("image.npy", b"", "not a whole array"),
        ("meta.json", b'{"class_names": ["a"], "views": {}, "files": {"photo": {}}}', "'files' damaged"),
        ("photo.files.csv", b"file,sha256\na.png,x\n", "a row has no SHA-256"),
        ("photo.files.csv", b"file\na.png\n", "the columns are not file, sha256"),
        ("photo.files.csv", b"file,sha256\na.png," + b"0" * 64 + b"\n", "1 samples where manifest.csv has 3"),
    ],
)
def test_a_broken_file_is_explained(folder, file, content, complaint):
    (folder / file).write_bytes(content)
    with pytest.raises(BadInput, match=complaint) as caught:
        rawstore.read(folder)
    assert file in str(caught.value)


@pytest.mark.parametrize("view", ["image", "cloud", "given"])
@pytest.mark.parametrize("array", [np.zeros((3, 4)), np.zeros((3, 2, 2)), np.array([{}, {}, {}], dtype=object)])
def test_an_array_of_another_type_is_refused(folder, view, array):
    np.save(folder / f"{view}.npy", array, allow_pickle=True)
    with pytest.raises(BadInput, match=rf"{view}\.npy"):
        rawstore.read(folder)


@pytest.mark.parametrize(("view", "shape"), [("image", (3, 16)), ("cloud", (3, 15)), ("given", (3, 7, 1))])
def test_an_array_of_other_dimensions_is_refused(folder, view, shape):
    np.save(folder / f"{view}.npy", np.zeros(shape, dtype=np.uint8 if view == "image" else np.float32))
    with pytest.raises(BadInput, match=f"{len(shape)} dimensions is no view of kind"):
        rawstore.read(folder)


def test_pictures_that_stay_in_files_are_listed_with_their_settings(raw, folder):
    files = rawstore.read(folder).views["photo"].samples
    assert isinstance(files, SampleFiles)
    assert files.kind.settings == {"side": 3}
    assert (folder / "photo.files.csv").read_text(encoding="utf-8").startswith("file,sha256\na.png,")
    assert not (folder / "photo.npy").exists()
    Image.new("RGB", (4, 4), "white").save(raw.views["photo"].samples.folder / "a.png")
    with pytest.raises(BadInput, match=r"a\.png: it has changed since the dataset was fetched"):
        files[0]
