"""Files and words become samples of the form that a method was trained on."""

import numpy as np
import pytest
from PIL import Image

from pipeline.core.datasets import RawView
from pipeline.core.errors import BadInput, UnknownName
from pipeline.explore.search.user_input import Form, files_by_view, read_query, read_sample

GREY, COLOUR = Form("image", (8, 8)), Form("image", (8, 8, 3))
TEXT, CLOUD, NUMBERS = Form("text", ()), Form("cloud", (16, 3)), Form("features", (4,))
FORMS = {"image": GREY, "text": TEXT}


@pytest.fixture
def files(tmp_path):
    Image.new("RGB", (20, 10), (200, 30, 30)).save(tmp_path / "red.png")
    (tmp_path / "words.txt").write_text("\ufeffa red thing\n", encoding="utf-8")
    np.save(tmp_path / "cloud.npy", np.random.default_rng(0).uniform(-3, 3, (40, 3)))
    np.save(tmp_path / "row.npy", np.arange(4.0))
    (tmp_path / ".hidden.png").write_bytes(b"")
    return tmp_path


def test_samples_have_the_form_of_training(files):
    assert read_sample(files / "red.png", GREY).shape == (8, 8)
    assert read_sample(files / "red.png", GREY)[0, 0] == round(0.299 * 200 + 0.587 * 30 + 0.114 * 30)
    assert read_sample(files / "red.png", COLOUR)[0, 0].tolist() == [200, 30, 30]
    assert read_sample(files / "words.txt", TEXT) == "a red thing"
    cloud = read_sample(files / "cloud.npy", CLOUD)
    assert cloud.shape == (16, 3)
    assert np.ptp(cloud, axis=0).max() == pytest.approx(1)
    np.testing.assert_array_equal(read_sample(files / "cloud.npy", CLOUD), cloud)
    assert read_sample(files / "row.npy", NUMBERS).tolist() == [0, 1, 2, 3]


def test_the_form_of_a_view_is_that_of_its_samples():
    assert Form.of(RawView("image", np.zeros((5, 8, 8), np.uint8))) == GREY
    assert Form.of(RawView("text", ["a", "b"])) == TEXT


def test_the_view_of_a_query_is_told_from_file_or_words(files):
    assert read_query(str(files / "red.png"), FORMS, None).view == "image"
    assert read_query(str(files / "words.txt"), FORMS, None).sample.samples == ["a red thing"]
    words = read_query("a red thing", FORMS, None)
    assert (words.view, words.sample.samples, words.name) == ("text", ["a red thing"], "“a red thing”")


def test_doubts_are_settled_by_the_view(files):
    forms = {"cloud": CLOUD, "numbers": NUMBERS}
    with pytest.raises(BadInput, match="fit the views cloud, numbers; say which with --view"):
        read_query(str(files / "row.npy"), forms, None)
    assert read_query(str(files / "row.npy"), forms, "numbers").sample.samples.tolist() == [[0, 1, 2, 3]]


@pytest.mark.parametrize(
    ("query", "view", "sentence"),
    [
        ("nowhere.png", None, "nowhere.png: there is no such file; correct the path"),
        ("  ", None, "the query: it is empty"),
        ("words", "image", "view 'image' does not take words; it was trained on 'image' pictures, 'text' texts"),
        ("cloud.npy", None, "no view takes files that end in '.npy'"),
        ("other.pdf", None, "no view takes files that end in '.pdf'"),
        ("broken.png", None, "this is no whole picture; give another file"),
        ("empty.txt", None, "the text is empty; give another file"),
    ],
)
def test_a_query_that_does_not_fit_is_one_sentence(files, monkeypatch, query, view, sentence):
    monkeypatch.chdir(files)
    for name in ("other.pdf", "broken.png", "empty.txt"):
        (files / name).write_bytes(b"")
    with pytest.raises(BadInput, match=sentence):
        read_query(query, FORMS, view)


def test_an_unknown_view_suggests_the_nearest():
    with pytest.raises(UnknownName, match="did you mean 'text'"):
        read_query("words", FORMS, "txet")


@pytest.mark.parametrize(
    ("array", "sentence"),
    [(np.zeros(3), "it holds 3 numbers where one sample has 4"), (np.full(4, np.nan), "NaN or infinite")],
)
def test_features_must_fit(tmp_path, array, sentence):
    np.save(tmp_path / "row.npy", array)
    with pytest.raises(BadInput, match=sentence):
        read_sample(tmp_path / "row.npy", NUMBERS)


def test_a_folder_gives_every_view_its_files(files):
    (files / "deep").mkdir()
    (files / "red.png").rename(files / "deep" / "red.png")
    result = files_by_view(files, {"image": GREY, "text": TEXT, "cloud": CLOUD})
    assert {view: [path.name for path in paths] for view, paths in result.items()} == {
        "image": ["red.png"],
        "text": ["words.txt"],
        "cloud": ["cloud.npy", "row.npy"],
    }
    assert files_by_view(files / "deep", {"text": TEXT}) == {}
