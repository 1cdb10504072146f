"""Rasiwasia et al.'s Wikipedia, written here in small in the authors' layout."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from scipy.io import savemat

from pipeline.core.errors import BadInput, MissingFiles
from pipeline.data import wikipedia_shallow
from pipeline.data.base.wikipedia_lists import CATEGORIES, LISTS
from pipeline.data.wikipedia_shallow import FEATURES, WikipediaShallow
from stages.fetch import main as fetch
from tests.support import tiny

PROTOCOL = wikipedia_shallow.SIZES
SIZES = {"train": 30, "test": 20}
NAMES = ["art", "biology", "geography", "history", "literature", "media", "music", "royalty", "sport", "warfare"]
WIDTHS = {"I": 128, "T": 10, "T_tfidf": 1000}
SHARED = Path(__file__).parents[3] / "shared" / "data" / "wikipedia_shallow"


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(wikipedia_shallow, "SIZES", SIZES)


def numbers():
    draw = np.random.default_rng(0)
    return {
        f"{name}_{suffix}": draw.random((size, width))
        for name, width in WIDTHS.items()
        for suffix, size in (("tr", 30), ("te", 20))
    }


def classes(split):
    return np.arange(SIZES[split]) * 3 % 10


def lines(split):
    return [f"{row:032x}-2.1\t{row + 99:032x}\t{label + 1}" for row, label in enumerate(classes(split))]


@pytest.fixture
def files(tmp_path):
    savemat(tmp_path / FEATURES, numbers())
    for split, name in LISTS.items():
        (tmp_path / name).write_text("\n".join(lines(split)) + "\n")
    (tmp_path / CATEGORIES).write_text("\n".join(NAMES) + "\n")
    return tmp_path


def load(folder, progress=lambda done, total: None, **settings):
    return WikipediaShallow(folder, **settings).load(progress)


def test_sizes_are_the_papers_and_the_name_is_not_that_of_mrls_features():
    assert PROTOCOL == {"train": 2173, "test": 693}
    assert WikipediaShallow.display == "Wikipedia (SIFT, LDA)"


@pytest.mark.parametrize(("settings", "name"), [({}, "T"), ({"text": "lda"}, "T"), ({"text": "tfidf"}, "T_tfidf")])
def test_features_classes_and_split_in_the_authors_order(files, settings, name):
    seen = []
    raw = load(files, lambda done, total: seen.append((done, total)), **settings)
    assert seen[-1] == (50, 50)
    assert [raw.ids[0], raw.ids[30]] == ["train-0000", "test-0000"]
    assert raw.split.tolist() == ["train"] * 30 + ["test"] * 20
    assert raw.class_names == NAMES
    assert raw.labels.dtype == np.int64
    assert raw.labels.tolist() == [*classes("train"), *classes("test")]
    given = numbers()
    for view, variable in (("image", "I"), ("text", name)):
        expected = np.concatenate([given[f"{variable}_tr"], given[f"{variable}_te"]]).astype(np.float32)
        assert raw.views[view].kind == "features"
        assert raw.views[view].samples.dtype == np.float32
        assert np.array_equal(raw.views[view].samples, expected)


def test_only_the_variables_in_use_are_read(files):
    savemat(files / FEATURES, {name: array for name, array in numbers().items() if "tfidf" not in name})
    load(files)
    with pytest.raises(BadInput, match="no array of numbers named T_tfidf_tr"):
        load(files, text="tfidf")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"I_tr": np.zeros((30, 127))}, "I_tr is 30 x 127, not 30 x 128"),
        ({"I_te": np.zeros((21, 128))}, "I_te is 21 x 128, not 20 x 128"),
        ({"T_tr": np.zeros((10, 30))}, "T_tr is 10 x 30, not 30 x 10"),
        ({"T_te": np.where(np.arange(20)[:, None] == 7, np.nan, np.ones((20, 10)))}, "T_te is not finite in row 7"),
        ({"T_te": np.full((20, 10), np.inf)}, "T_te is not finite in row 0"),
        ({"I_tr": "words"}, "it holds no array of numbers named I_tr"),
        ({"I_tr": np.array([{}] * 30, dtype=object)}, "it holds no array of numbers named I_tr"),
        ({"T_te": np.ones((20, 10)) * 1j}, "it holds no array of numbers named T_te"),
    ],
)
def test_unusable_features_are_explained(files, change, complaint):
    savemat(files / FEATURES, numbers() | change)
    with pytest.raises(BadInput, match=rf"raw_features\.mat: {complaint}; copy"):
        load(files)


@pytest.mark.parametrize(
    "damage",
    [
        lambda x: b"",
        lambda x: b"no MATLAB file" * 99,
        lambda x: x[:100],
        lambda x: x[:1000],
        lambda x: x[:124] + b"\x00\x02" + x[126:],
        lambda x: x[:128] + b"\xff" * 40 + x[168:],
    ],
)
def test_a_broken_file_is_explained(files, damage):
    file = files / FEATURES
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(BadInput, match=r"raw_features\.mat: this is no whole MATLAB file; copy"):
        load(files)


@pytest.mark.parametrize("share", [0.1, 0.4, 0.7, 0.99])
def test_a_compressed_file_cut_short_is_explained(files, share):
    file = files / FEATURES
    savemat(file, numbers(), do_compression=True)
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(BadInput, match=r"raw_features\.mat: (this is no whole MATLAB file|it holds no array)"):
        load(files, text="tfidf")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda rows: rows[:-1], "it has 19 lines, the split has 20 pairs"),
        (lambda rows: [*rows, rows[0]], "it has 21 lines"),
        (lambda rows: ["a\tb\t11", *rows[1:]], "line 1 is not text, picture and a class from 1 to 10"),
        (lambda rows: [*rows[:4], "a\tb\t0", *rows[5:]], "line 5 is not"),
        (lambda rows: ["a\tb\tart", *rows[1:]], "line 1 is not"),
        (lambda rows: ["a b 3", *rows[1:]], "line 1 is not"),
        (lambda rows: ["", *rows[1:]], "line 1 is not"),
    ],
)
def test_an_unusable_list_is_explained(files, change, complaint):
    (files / LISTS["test"]).write_text("\n".join(change(lines("test"))) + "\n")
    with pytest.raises(BadInput, match=rf"testset_txt_img_cat\.list: {complaint}"):
        load(files)


def test_a_list_that_is_no_text_is_explained(files):
    (files / LISTS["train"]).write_bytes(b"\xff\xfe" * 40)
    with pytest.raises(BadInput, match=r"trainset_txt_img_cat\.list: it has 1 lines"):
        load(files)


@pytest.mark.parametrize("names", [NAMES[:9], [*NAMES[:9], "art"], [*NAMES, "more"]])
def test_other_categories_are_explained(files, names):
    (files / CATEGORIES).write_text("\n".join(names))
    with pytest.raises(BadInput, match=rf"categories\.list: it names {len(set(names))} classes, not 10"):
        load(files)


@pytest.mark.parametrize("name", [FEATURES, *LISTS.values(), CATEGORIES])
def test_a_missing_file_is_named(files, name):
    (files / name).unlink()
    with pytest.raises(MissingFiles, match=f"{name} is missing; put raw_features.mat, "):
        load(files)


def test_without_files_the_stage_says_what_to_put_where(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    block = {"load": {"folder": "files/wikipedia", "text": "lda"}}
    Path("params.yaml").write_text(yaml.safe_dump(tiny.with_dataset("wikipedia_shallow", block)))
    result = CliRunner().invoke(fetch, ["wikipedia_shallow"])
    assert result.exit_code == 2
    sentence = result.stderr.splitlines()[-1]
    assert sentence.startswith("Error: files/wikipedia: raw_features.mat is missing; put ")
    assert all(name in sentence for name in (FEATURES, *LISTS.values(), CATEGORIES))
    assert [path.name for path in tmp_path.iterdir()] == ["params.yaml"]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the authors' files are not in ../shared/data/wikipedia_shallow")
def test_the_real_files_hold_what_the_paper_says(tmp_path, monkeypatch):
    monkeypatch.setattr(wikipedia_shallow, "SIZES", PROTOCOL)
    shutil.copytree(SHARED, tmp_path, dirs_exist_ok=True)
    raw = load(tmp_path)
    assert raw.class_names == NAMES
    test = raw.split == "test"
    assert np.bincount(raw.labels[~test]).tolist() == [138, 272, 244, 248, 202, 178, 186, 144, 214, 347]
    assert np.bincount(raw.labels[test]).tolist() == [34, 88, 96, 85, 65, 58, 51, 41, 71, 104]
    for view, width in (("image", 128), ("text", 10)):
        assert raw.views[view].samples.shape == (2866, width)
        assert np.allclose(raw.views[view].samples.sum(axis=1), 1, atol=1e-3)
    seen = {row.tobytes() for row in raw.views["image"].samples[~test]}
    assert sum(row.tobytes() in seen for row in raw.views["image"].samples[test]) == 3
    assert load(tmp_path, text="tfidf").views["text"].samples.shape == (2866, 1000)


def test_all_its_files_are_known(files):
    dataset = WikipediaShallow(files)
    assert sorted(dataset.expected()) == dataset.brought()
