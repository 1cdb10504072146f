"""What a folder or a table is taken for, without opening a picture."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.authoring.start.layout import Layout, look
from pipeline.authoring.start.understood import scripts, understand
from pipeline.core.errors import BadInput, MissingFiles, UnknownName

CLASSES = ("cats", "dogs")


def touch(root: Path, *names: str, text: str = "some words") -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def tabled(root: Path, header: str, row: str, prefix: str = "", rows: int = 40) -> Path:
    """A table of so many rows beside the pictures that it names; {n}, {k} and {c} stand for number, split and class."""
    lines = [row.format(n=f"{n:02d}", c=CLASSES[n % 2], k=("train", "test")[n % 4 < 2]) for n in range(rows)]
    touch(root, *(f"{prefix}{n:02d}.jpg" for n in range(rows)))
    touch(root, "pairs.csv", text="\n".join([header, *lines]) + "\n")
    return root / "pairs.csv"


def test_a_table_is_understood_by_what_its_columns_hold(tmp_path: Path) -> None:
    file = tabled(tmp_path, "nr,wo,kind,what,part", "{n},{n}.jpg,{c},text number {n},{k}")
    layout = look(file)
    assert layout == look(tmp_path)
    assert layout.folder == tmp_path
    assert layout.columns == {"file": "nr", "split": "part", "label": "kind", "text": "what"}
    assert layout.views == {"image": "", "text": None}
    understood = understand(layout)
    assert understood.counts == {"cats": 20, "dogs": 20}
    assert understood.sizes == {"train": 20, "test": 20}
    assert understood.split_by == "column"
    assert understood.texts[0] == "text number 00"


def test_files_below_a_folder_that_the_table_leaves_out(tmp_path: Path) -> None:
    file = tabled(tmp_path, "file,caption,label", "{n}.jpg,a {c},{c}", prefix="pictures/")
    assert look(file).views == {"image": "pictures", "text": None}
    assert look(file).load()["views"]["image"] == {"kind": "image", "folder": "pictures"}


def test_a_column_that_a_person_names_goes_before_what_is_found(tmp_path: Path) -> None:
    file = tabled(tmp_path, "file,label,topic,caption,title", "{n}.jpg,x{n},{c},a long text {n},b{n}")
    chosen = look(file, {"label": "topic", "text": "title"}).columns
    assert chosen == {"file": "file", "label": "topic", "text": "title"}
    with pytest.raises(UnknownName, match="did you mean 'topic'"):
        look(file, {"label": "topik"})


def test_columns_with_the_same_labels_are_those_of_annotators(tmp_path: Path) -> None:
    file = tabled(tmp_path, "file,anna,ben,caption", "{n}.jpg,{c},,text {n}")
    filled = file.read_text().replace("00.jpg,cats,", "00.jpg,cats,dogs").replace("02.jpg,cats,", "02.jpg,,cats")
    file.write_text(filled)
    layout = look(file)
    assert layout.columns == {"file": "file", "labels": ["anna", "ben"], "text": "caption"}
    understood = understand(layout)
    assert understood.pairs == 40
    assert any("labels = anna + ben" in line for line in understood.sentences())
    assert any(line.startswith("classes, by votes of annotators: 2") for line in understood.sentences())


def test_rows_of_several_annotators_are_one_pair(tmp_path: Path) -> None:
    file = tabled(tmp_path, "file,who,label,caption", "{n}.jpg,anna,{c},text {n}")
    again = [line.replace("anna", "ben") for line in file.read_text().splitlines()[1:21]]
    file.write_text(file.read_text() + "\n".join(again) + "\n")
    layout = look(file)
    assert layout.columns == {"file": "file", "annotator": "who", "label": "label", "text": "caption"}
    assert understand(layout).pairs == 40
    assert look(file, {"annotator": "who"}).columns == layout.columns


def test_two_columns_that_may_be_the_labels_are_refused_and_named(tmp_path: Path) -> None:
    file = tabled(tmp_path, "file,a,b,caption", "{n}.jpg,{c},{c}s,text {n}")
    with pytest.raises(BadInput, match="a, b may all be the labels; say which one, as in --column label=a"):
        look(file)


@pytest.mark.parametrize(
    ("header", "row", "problem"),
    [
        ("file,caption,label", "other{n}.jpg,text {n},{c}", "no column names the files"),
        ("file,label", "{n}.jpg,{c}", "there is one view alone, image"),
        ("file,caption", "{n}.jpg,text {n}", "no column gives the labels"),
    ],
)
def test_a_table_that_lacks_something_is_refused(header: str, row: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=problem):
        look(tabled(tmp_path, header, row))


def test_pairs_in_folders_of_their_class(tmp_path: Path) -> None:
    names = [f"{c}/{n:02d}" for c in CLASSES for n in range(20)]
    touch(tmp_path, *(f"{name}{end}" for name in names for end in (".jpg", ".txt")), "README.npy")
    layout = look(tmp_path)
    assert layout == Layout(tmp_path, None, {}, {"image": "", "text": ""}, {"cloud": 1})
    understood = understand(layout)
    assert understood.counts == {"cats": 20, "dogs": 20}
    assert understood.split_by == "the hash of each name"
    assert "passed over: 1 files of kind cloud" in understood.sentences()


def test_a_folder_per_view_and_given_splits(tmp_path: Path) -> None:
    names = [f"{s}/{c}/{n}" for s in ("train", "val", "test") for c in CLASSES for n in range(4)]
    touch(tmp_path, *(f"pictures/{name}.png" for name in names), *(f"scans/{name}.ply" for name in names))
    layout = look(tmp_path)
    assert layout.views == {"cloud": "scans", "image": "pictures"}
    assert understand(layout).sizes == {"train": 8, "valid": 8, "test": 8}
    assert understand(layout).split_by == "folder"


def test_what_cannot_be_two_views_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingFiles, match="no such folder or table"):
        look(tmp_path / "nothing")
    with pytest.raises(BadInput, match="the files here are none of a known kind"):
        look(tmp_path)
    touch(tmp_path, "a.jpg", "b.jpg")
    with pytest.raises(BadInput, match="the files here are 2 of kind image"):
        look(tmp_path)
    touch(tmp_path, "one.csv", "two.csv")
    with pytest.raises(BadInput, match=r"several tables: one\.csv, two\.csv"):
        look(tmp_path)


def test_a_class_without_a_test_sample_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    touch(tmp_path, *(f"cats/{n}{end}" for n in range(40) for end in (".jpg", ".txt")), "dogs/1.jpg", "dogs/1.txt")
    with pytest.raises(BadInput, match="class 'dogs' has 1 samples"):
        understand(look(tmp_path))


def test_scripts_are_named_as_people_do() -> None:
    assert scripts(["две кошки", "猫"]) == "Cyrillic 89%, Chinese 11%"
    assert scripts(["12 :-)"]) == "none"
