"""A user's own files, written as users have them: pairs by stem and by table, and one sentence for every fault."""

import csv
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest
from PIL import Image

from pipeline.core.errors import BadInput, BadParams, MissingFiles, UnknownName
from pipeline.core.plugins import build
from pipeline.data.base.splits import SHARES, hashed
from pipeline.data.folder import Folder

CLASSES = ("cats", "dogs")
EACH = 30
BOTH = {"image": {"kind": "image"}, "text": {"kind": "text"}}
STEMS = [f"{name}/{number:03d}" for name in CLASSES for number in range(EACH)]


def colour(stem):
    return (200 if "cats" in stem else 20, int(stem[-3:]), 90)


def put(file, stem):
    """A picture, text or cloud of one sample."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".txt":
        file.write_text(f"  about {stem}\n", encoding="utf-8")
    elif file.suffix == ".npy":
        np.save(file, np.random.default_rng(int(stem[-3:])).normal(size=(40, 3)))
    else:
        Image.new("RGB", (30, 20), colour(stem)).save(file)


@pytest.fixture
def by_stem(tmp_path):
    """Pictures and text files side by side in folders named like the classes, among files of no meaning."""
    for stem in STEMS:
        put(tmp_path / f"{stem}.png", stem)
        put(tmp_path / f"{stem}.txt", stem)
    for stray in (".DS_Store", "cats/._000.png", "cats/Thumbs.db", "notes.md"):
        (tmp_path / stray).write_bytes(b"stray")
    return tmp_path


def table(folder, rows, header=("file", "text", "label")):
    with (folder / "captions.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


@pytest.fixture
def by_row(tmp_path):
    """Pictures without order in one folder and a table."""
    for stem in STEMS:
        put(tmp_path / f"{stem.replace('/', '-')}.png", stem)
    table(tmp_path, [rows_of(stem) for stem in STEMS])
    return tmp_path


def rows_of(stem):
    return [f"{stem.replace('/', '-')}.png", f"about, {stem}", stem.split("/")[0]]


def small(**views):
    """Views with pictures of 8 x 8 and clouds of 16 points."""
    sizes = {"image": {"side": 8}, "cloud": {"points": 16}, "text": {}}
    return {view: {**sizes[described["kind"]], **described} for view, described in views.items()}


def load(folder, **settings):
    return Folder(folder, small(**settings.pop("views", BOTH)), **settings).load(lambda done, total: None)


def check(raw, ids):
    assert list(raw.ids) == ids
    assert list(raw.class_names) == list(CLASSES)
    assert raw.labels.tolist() == [0] * EACH + [1] * EACH
    assert raw.views["image"].samples.shape == (len(ids), 8, 8, 3)
    assert [tuple(picture[0, 0]) for picture in raw.views["image"].samples] == [colour(stem) for stem in STEMS]


def test_pairs_by_stem(by_stem):
    raw = load(by_stem)
    check(raw, STEMS)
    assert raw.views["text"].samples == [f"about {stem}" for stem in STEMS]
    assert raw.split.tolist() == hashed(STEMS, SHARES, "").tolist()


def test_pairs_by_row(by_row):
    raw = load(by_row, table="captions.csv")
    check(raw, [stem.replace("/", "-") for stem in STEMS])
    assert raw.views["text"].samples == [f"about, {stem}" for stem in STEMS]


def test_other_columns_and_a_given_split(by_row):
    parts = ["train", "val", "test"] * (len(STEMS) // 3)
    rows = [[part, *rows_of(stem)] for stem, part in zip(STEMS, parts, strict=True)]
    table(by_row, rows, ("part", "path", "caption", "topic"))
    raw = load(
        by_row,
        table="captions.csv",
        columns={"file": "path", "text": "caption", "label": "topic", "split": "part"},
    )
    assert raw.split.tolist() == ["train", "valid", "test"] * (len(STEMS) // 3)
    check(raw, [stem.replace("/", "-") for stem in STEMS])


def test_folders_may_give_labels_beside_a_table_and_splits(by_stem):
    table(by_stem, [[f"{stem}.png", "words"] for stem in STEMS], ("file", "text"))
    check(load(by_stem, table="captions.csv"), STEMS)
    for part in ("train", "validation", "test"):
        for stem in STEMS:
            for suffix in (".jpg", ".txt"):
                put(by_stem / "split" / part / f"{stem}{suffix}", stem)
    raw = load(by_stem / "split")
    assert list(raw.class_names) == list(CLASSES)
    assert {name.split("/")[0]: part for name, part in zip(raw.ids, raw.split, strict=True)} == {
        "train": "train",
        "validation": "valid",
        "test": "test",
    }


@pytest.mark.parametrize("form", ["{part}/{stem}", "{label}/{part}/{number}"])
def test_the_users_test_pairs_are_tested_however_the_folders_are_called(tmp_path, form):
    for part, stem in ((part, stem) for part in ("Train", "Val", "TEST") for stem in STEMS):
        label, number = stem.split("/")
        for suffix in (".jpg", ".txt"):
            put(tmp_path / (form.format(part=part, stem=stem, label=label, number=number) + suffix), stem)
    raw = load(tmp_path)
    assert list(raw.class_names) == list(CLASSES)
    assert {("TEST" in name, part == "test") for name, part in zip(raw.ids, raw.split, strict=True)} == {
        (True, True),
        (False, False),
    }


def test_folders_give_the_split_beside_a_column_of_labels(by_row):
    """Without it the hash would train what the user tests."""
    rows = [rows_of(stem) for stem in STEMS]
    for number, row in enumerate(rows):
        old, row[0] = row[0], f"{('train', 'test')[number % 2]}/{row[0]}"
        (by_row / row[0]).parent.mkdir(exist_ok=True)
        (by_row / old).rename(by_row / row[0])
    table(by_row, rows)
    assert load(by_row, table="captions.csv").split.tolist() == ["train", "test"] * (len(STEMS) // 2)
    table(by_row, [[*row, "train"] for row in rows], ("file", "text", "label", "split"))
    sentence = "line 3: its split is 'train' and it lies in a folder for 'test'; correct one of the two"
    refused(BadInput, sentence, by_row, table="captions.csv")


def test_one_label_in_two_unicode_forms_is_one_class(by_row):
    """A Mac types é in two characters."""
    rows = [[*rows_of(stem)[:2], ("caf\u00e9", "cafe\u0301")[row % 2]] for row, stem in enumerate(STEMS)]
    table(by_row, [*rows[:-30], *([*row[:2], "dogs"] for row in rows[-30:])])
    assert list(load(by_row, table="captions.csv").class_names) == ["caf\u00e9", "dogs"]


def test_two_folders_of_pictures_and_clouds(tmp_path):
    for stem in STEMS:
        put(tmp_path / "pictures" / f"{stem}.JPG", stem)
        put(tmp_path / "scans" / f"{stem}.npy", stem)
    views = small(image={"kind": "image", "folder": "pictures"}, cloud={"kind": "cloud", "folder": "scans"})
    settings = {"folder": str(tmp_path), "views": views}
    dataset = build("pipeline.data", "folder", Folder, settings)
    assert dataset.task == "image-point cloud"
    raw = dataset.load(lambda done, total: None)
    clouds = np.asarray(raw.views["cloud"].samples)
    assert clouds.shape == (len(STEMS), 16, 3)
    assert clouds.dtype == np.float32
    (tmp_path / "pictures/cats/000.JPG").unlink()
    (tmp_path / "scans/cats/000.npy").unlink()
    np.testing.assert_array_equal(dataset.load(lambda done, total: None).views["cloud"].samples, clouds[1:])


def test_added_pairs_move_no_others(by_stem):
    before = load(by_stem)
    for suffix in (".png", ".txt"):
        put(by_stem / f"cats/0000{suffix}", "cats/000")
    after = load(by_stem)
    moved = dict(zip(after.ids, after.split, strict=True))
    assert len(moved) == len(STEMS) + 1
    assert all(moved[name] == part for name, part in zip(before.ids, before.split, strict=True))


def test_labels_may_be_declared_noisy(by_stem):
    assert Folder(by_stem).clean
    assert not Folder(by_stem, clean=False).clean


def refused(kind, complaint, folder, **settings):
    with pytest.raises(kind) as caught:
        load(folder, **settings)
    sentence = str(caught.value)
    assert complaint in sentence
    assert "\n" not in sentence


def test_faults_of_files_are_one_sentence(by_stem):
    refused(MissingFiles, "none: the folder is missing; put", by_stem / "none")
    refused(
        MissingFiles, "no file ends in .npy, .off, .ply", by_stem, views={"a": {"kind": "cloud"}, "b": {"kind": "text"}}
    )
    (by_stem / "cats/004.txt").unlink()
    refused(BadInput, "cats/004.png: view 'text' has no file 'cats/004'; add it or remove", by_stem)
    (by_stem / "cats/004.png").rename(by_stem / "cats/004.txt")
    refused(BadInput, "cats/004.txt: view 'image' has no file 'cats/004'", by_stem)
    (by_stem / "cats/004.txt").unlink()
    (by_stem / "cats/005.txt").write_text(" \n")
    refused(BadInput, "cats/005.txt: the text is empty", by_stem)
    (by_stem / "cats/005.txt").write_bytes(b"\xff\xfe\x41")
    refused(BadInput, "cats/005.txt: it is not in UTF-8", by_stem)
    put(by_stem / "cats/005.txt", "cats/005")
    put(by_stem / "dogs/006.jpg", "dogs/006")
    refused(BadInput, "dogs/006.png: it has the stem of 006.jpg; rename", by_stem)
    (by_stem / "dogs/006.jpg").rename(by_stem / "006.png")
    refused(BadInput, "006.png: no folder names its label; put it into a folder named like its class", by_stem)


@pytest.mark.parametrize(
    ("change", "kind", "complaint"),
    [
        (lambda rows: rows[1:], BadInput, "cats-000.png: the table has no row for it; add a row"),
        (lambda rows: [*rows, ["x.png", "x", "cats"]], BadInput, "line 62: view 'image' has no file 'x'"),
        (lambda rows: [*rows, rows[3]], BadInput, "captions.csv, line 62: 'cats-003' is also in "),
        (lambda rows: [[rows[0][0], "", "cats"], *rows[1:]], BadInput, "line 2: the column 'text' is empty"),
        (lambda rows: [[rows[0][0], "x", " "], *rows[1:]], BadInput, "line 2: the column 'label' is empty"),
        (lambda rows: [[rows[0][0], "x", "bird"], *rows[1:]], BadInput, "class 'bird' has 1 samples in all and none"),
    ],
)
def test_faults_of_rows_are_one_sentence(by_row, change, kind, complaint):
    table(by_row, change([rows_of(stem) for stem in STEMS]))
    refused(kind, complaint, by_row, table="captions.csv")


def test_faults_of_columns_and_settings_are_one_sentence(by_row):
    rows = [rows_of(stem) for stem in STEMS]
    refused(MissingFiles, "caption.csv: the table is missing", by_row, table="caption.csv")
    refused(
        UnknownName,
        "unknown name 'lable'; did you mean 'label'?",
        by_row,
        table="captions.csv",
        columns={"label": "lable"},
    )
    table(by_row, rows, ("file", "caption", "label"))
    refused(UnknownName, "captions.csv, columns: unknown name 'text'", by_row, table="captions.csv")
    table(by_row, rows, ("file", "text", "topic"))
    refused(BadInput, "line 2: neither a column nor a folder gives its label", by_row, table="captions.csv")
    table(by_row, [[*row, "eval"] for row in rows], ("file", "text", "label", "split"))
    refused(BadInput, "line 2: 'eval' is no split; name it train, valid or test", by_row, table="captions.csv")
    refused(BadParams, "there are 1 views", by_row, views={"image": {"kind": "image"}})
    two = {"image": {"kind": "image"}, "en": {"kind": "text"}, "de": {"kind": "text"}}
    refused(BadParams, "a table gives one text per sample", by_row, table="captions.csv", views=two)
    refused(
        BadInput, "no folder names its label", by_row, views={"image": {"kind": "image"}, "other": {"kind": "image"}}
    )
    for described, sentence in (
        ({"kind": "imag"}, r"samples: unknown name 'imag'; did you mean 'image'\?"),
        ({"folder": "pictures"}, r"params.yaml, load.views.a: the setting 'kind' is missing; add it"),
        ({"kind": "image", "sid": 8}, r"params.yaml, load.views.a: unknown name 'sid'; did you mean 'side'\?"),
        ({"kind": "image", "side": 0}, r"params.yaml, load.views.a: 'side' is 0: .*greater than 0; correct the value"),
    ):
        with pytest.raises(BadParams, match=sentence):
            build("pipeline.data", "folder", Folder, {"folder": str(Path()), "views": {"a": described}})


@pytest.mark.parametrize("name", ["image/rgb", "labels", "suggested", "allow_pickle", "meta"])
def test_names_of_views_that_the_project_has_files_of_are_refused(name):
    views = {name: {"kind": "image"}, "text": {"kind": "text"}}
    with pytest.raises(BadParams, match=r"params\.yaml, folder\.load: 'views' is .*should have"):
        build("pipeline.data", "folder", Folder, {"folder": ".", "views": views}, "folder.load")


def strays(dataset):
    return {str(file.relative_to(dataset.folder)) for file in set(dataset.brought()) - set(dataset.expected())}


def test_files_of_other_kinds_are_not_known(by_stem):
    put(by_stem / "cats" / "loud.PNG", STEMS[0])
    assert strays(Folder(by_stem)) == {"cats/Thumbs.db", "notes.md"}


def test_beside_a_table_texts_and_other_tables_are_not_known(by_row):
    for name in ("old.csv", "001.txt"):
        (by_row / name).touch()
    assert strays(Folder(by_row, table="captions.csv")) == {"old.csv", "001.txt"}
    lost = Folder(by_row, table="caption.csv")
    assert strays(lost) == {"old.csv", "001.txt", "captions.csv"}
    assert [file.name for file in lost.expected() if not file.exists()] == ["caption.csv"]


def test_files_outside_the_folders_of_the_views_are_not_known(tmp_path):
    for place in ("pictures/a.png", "scans/a.npy", "pictures/b.npy", "scans/b.png", "c.png"):
        put(tmp_path / place, "000")
    views = {"image": {"kind": "image", "folder": "pictures"}, "cloud": {"kind": "cloud", "folder": "scans"}}
    assert strays(Folder(tmp_path, views)) == {"pictures/b.npy", "scans/b.png", "c.png"}


def test_pictures_stay_where_they_are_and_are_read_when_they_are_asked_for(by_stem):
    (by_stem / "dogs/006.png").write_bytes(b"no picture")
    pictures = load(by_stem).views["image"].samples
    assert pictures[0].shape == (8, 8, 3)
    with pytest.raises(BadInput, match=r"dogs/006\.png: this is no whole picture"):
        pictures[STEMS.index("dogs/006")]


def test_linked_folders_are_followed_in_all_views(by_stem, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("disk")
    (by_stem / "dogs").rename(elsewhere / "of dogs")
    (elsewhere / "dogs").symlink_to(elsewhere / "of dogs")
    (by_stem / "dogs").symlink_to(elsewhere / "dogs")
    raw = load(by_stem)
    check(raw, STEMS)
    assert strays(Folder(by_stem)) == {"cats/Thumbs.db", "notes.md"}


@pytest.mark.parametrize("target", ["", "cats", ".."])
def test_a_link_without_end_is_named(by_stem, target):
    (by_stem / "cats" / "more").symlink_to(by_stem / target)
    refused(BadInput, "cats/more: it is a link to a folder that it lies in; remove the link", by_stem)


def test_links_that_lead_into_one_another_are_named(by_stem, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("disk")
    (elsewhere / "back").symlink_to(by_stem / "cats")
    (by_stem / "cats" / "more").symlink_to(elsewhere)
    refused(BadInput, "it is a link to a folder that it lies in", by_stem)


def test_decomposed_names_of_a_mac_are_those_of_the_table(by_row):
    names = {stem: f"köln_{number}.png" for number, stem in enumerate(STEMS)}
    for stem, name in names.items():
        (by_row / rows_of(stem)[0]).rename(by_row / normalize("NFD", name))
    table(by_row, [[names[stem], *rows_of(stem)[1:]] for stem in STEMS])
    check(load(by_row, table="captions.csv"), [Path(name).stem for name in names.values()])
    put(by_row / normalize("NFC", names[STEMS[0]]), STEMS[0])
    sentence = ", written in another Unicode form; rename or remove one of the two"
    refused(BadInput, sentence, by_row, table="captions.csv")


def test_a_name_in_other_letter_case_is_named(by_row):
    table(by_row, [[rows_of(stem)[0].replace("dogs", "Dogs"), *rows_of(stem)[1:]] for stem in STEMS])
    near = f"no file 'Dogs-000', only one in other letter case, {by_row}/dogs-000.png; write both names alike"
    refused(BadInput, near, by_row, table="captions.csv")


@pytest.mark.parametrize("kind", ["stem", "row"])
def test_a_name_that_is_not_in_utf8_is_one_sentence(request, kind):
    folder = request.getfixturevalue(f"by_{kind}")
    name = b"caf\xe9".decode("utf-8", "surrogateescape")
    for suffix in (".png", ".txt"):
        put(folder / f"cats/{name}{suffix}", "cats/000")
    settings = {"table": "captions.csv"} if kind == "row" else {}
    refused(BadInput, r"cats/caf\udce9.png: its name is not in UTF-8; rename it.", folder, **settings)
