"""One look at the files of a view finds what a look at their array does, and the files that cannot be read."""

import numpy as np
import pytest
from PIL import Image

from pipeline.core.datasets import RawView
from pipeline.core.plugins import build
from pipeline.samples.base import PACKAGE, Kind, examination
from pipeline.samples.base.examination import examine
from pipeline.samples.base.sample_files import SampleFiles

COUNT = 11
RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def blocks_of_four(monkeypatch):
    monkeypatch.setattr(examination, "BLOCK", 4)
    monkeypatch.setattr(examination, "cpu_count", lambda: 1)


def view(kind, settings, paths):
    described = build(PACKAGE, kind, Kind, settings)
    files = SampleFiles.of(described, paths[0].parent, paths, [path.stem for path in paths], lambda done, total: None)
    return RawView(kind, files)


@pytest.fixture
def pictures(tmp_path):
    paths = [tmp_path / f"{row:02d}.png" for row in range(COUNT)]
    for path in paths:
        Image.fromarray(RNG.integers(0, 255, (5, 5, 3), dtype=np.uint8)).save(path)
    Image.new("RGB", (5, 5), "red").save(paths[1])
    Image.open(paths[0]).save(tmp_path / "09.png", compress_level=0)
    return view("image", {"side": 5}, paths)


def marked(looked):
    return {fault.problem: np.flatnonzero(fault.mask).tolist() for fault in looked.faults if fault.mask.any()}


def codes(looked):
    return np.unique(looked.digests, return_inverse=True)[1]


def test_files_are_looked_at_as_their_array_is(pictures):
    seen = []
    looked = examine(pictures, lambda done, total: seen.append((done, total)))
    whole = examine(RawView("image", np.asarray(pictures.samples)), lambda done, total: None)
    assert marked(looked) == marked(whole) == {"the picture is all one colour": [1]}
    np.testing.assert_array_equal(codes(looked), codes(whole))
    assert codes(looked)[9] == codes(looked)[0]
    assert seen == [(4, COUNT), (8, COUNT), (COUNT, COUNT)]


def test_all_that_cannot_be_read_is_named_at_once(pictures):
    for row in (0, 6, 10):
        (pictures.samples.folder / f"{row:02d}.png").write_bytes(b"no picture")
    changed = view("image", {"side": 5}, sorted(pictures.samples.folder.iterdir()))
    (pictures.samples.folder / "03.png").unlink()
    looked = examine(changed, lambda done, total: None)
    assert marked(looked) == {
        "this is no whole picture": [0, 6, 10],
        "the picture is all one colour": [1],
        "it cannot be opened (No such file or directory)": [3],
    }
    assert {fault.problem for fault in looked.faults if fault.fatal} == set(marked(looked)) - {
        "the picture is all one colour"
    }
    assert len(set(codes(looked)[[1, 2, 3]])) == 3


def test_sentences_that_differ_in_numbers_alone_are_one_fault(tmp_path):
    paths = [tmp_path / f"{row:02d}.npy" for row in range(COUNT)]
    for row, path in enumerate(paths):
        np.save(path, RNG.normal(size=(20 + row, 3)))
    looked = examine(view("cloud", {"points": 25}, paths), lambda done, total: None)
    assert marked(looked) == {"it has 20 points where 25 are asked for": [0, 1, 2, 3, 4]}
