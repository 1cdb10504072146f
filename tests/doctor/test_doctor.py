"""A sound dataset has no findings; every fault planted in it gives its own sentence and no other."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result

from pipeline.core.datasets import Annotations, RawDataset, RawView
from pipeline.core.errors import MissingFiles
from pipeline.core.plugins import build
from pipeline.core.splits import Split
from pipeline.data.arrays import Arrays
from pipeline.data.base import Dataset
from pipeline.data.wikipedia_shallow import WikipediaShallow
from pipeline.doctor import examine
from pipeline.doctor.files import check_files
from pipeline.doctor.finding import Severity
from pipeline.features.base.store import Features
from stages.examine import main as examine_stage
from stages.paths import FINDINGS
from stages.tools.doctor import main as doctor
from tests.support import samples, tiny

N = 90
SPLIT = np.array(["train"] * 60 + ["valid"] * 10 + ["test"] * 20)
WIDE = {"image": 4, "vector": 3}


def good() -> RawDataset:
    """Ninety samples of three classes with a view of every kind; nothing is wrong with them."""
    rng = np.random.default_rng(0)
    views = {
        "image": RawView("image", rng.integers(0, 256, (N, 6, 5, 3), dtype=np.uint8)),
        "text": RawView("text", [f"Ein Café, naïve “quotes”, Ã la carte, ÂME,\n\tnumber {row} 🙂" for row in range(N)]),
        "cloud": RawView("cloud", rng.standard_normal((N, 7, 3)).astype(np.float32)),
        "vector": RawView("features", rng.standard_normal((N, 4)).astype(np.float32)),
    }
    ids = [f"s{row:02d}" for row in range(N)]
    return RawDataset(ids, views, np.arange(N) % 3, SPLIT.copy(), ids, ["ant", "bee", "cat"])


def source(display: str = "Own features") -> Arrays:
    dataset = Arrays({"a": "a.npy", "b": "b.npy"}, "labels.npy")
    dataset.display = display
    return dataset


def printed(raw: RawDataset, features: Features | None = None, display: str = "Own features") -> list[str]:
    return [str(finding) for finding in examine(raw, "mine", source(display), features)]


def changed(view: str, location: Any, value: Any) -> RawDataset:
    """The good dataset with something else in a place of one view."""
    raw = good()
    raw.views[view].samples[location] = value
    return raw


def with_view(name: str, view: RawView) -> RawDataset:
    raw = good()
    return replace(raw, views={**raw.views, name: view})


def copied(target: int, origin: int, *views: str) -> RawDataset:
    raw = good()
    for view in views or raw.views:
        raw.views[view].samples[target] = raw.views[view].samples[origin]
    return raw


def relabelled(location: Any, label: int, **changes: Any) -> RawDataset:
    raw = replace(good(), **changes)
    raw.labels[location] = label
    return raw


def with_ids(row: int, name: str) -> RawDataset:
    raw = good()
    return replace(raw, ids=[*raw.ids[:row], name, *raw.ids[row + 1 :]])


def resplit(name: str, other: str, rows: slice = slice(None)) -> RawDataset:
    raw = good()
    chosen = np.flatnonzero(raw.split == name)[rows]
    raw.split[chosen] = other
    return raw


RNG = np.random.default_rng(1)
FAULTS: dict[str, tuple[Callable[[], RawDataset], str]] = {
    "rows": (
        lambda: with_view("text", RawView("text", good().views["text"].samples[:-1])),
        "error: mine, view 'text': it has 89 rows where there are 90 ids; give every sample one row in each view.",
    ),
    "labels too few": (
        lambda: replace(good(), labels=np.arange(80) % 3),
        "error: mine, labels: it has 80 rows where there are 90 ids; give every sample one row in each view.",
    ),
    "one view": (
        lambda: replace(good(), views={"text": good().views["text"]}),
        "error: mine: the number of views is 1; give every sample two or more.",
    ),
    "shape": (
        lambda: with_view("cloud", RawView("cloud", RNG.standard_normal((N, 7, 2)).astype(np.float32))),
        "error: mine, view 'cloud': 90 x 7 x 2 of float32 is no view of kind 'cloud'; "
        "store it as pipeline/samples/cloud.py describes.",
    ),
    "type": (
        lambda: with_view("vector", RawView("features", RNG.standard_normal((N, 4)))),
        "error: mine, view 'vector': 90 x 4 of float64 is no view of kind 'features'; "
        "store it as pipeline/samples/features.py describes.",
    ),
    "kind": (
        lambda: with_view("vector", RawView("sound", RNG.standard_normal((N, 4)))),
        "error: mine, view 'vector': there are no samples of kind 'sound'; "
        "name one of cloud, features, image, text, or add a file to pipeline/samples.",
    ),
    "not a text": (
        lambda: changed("text", 3, 3),
        "error: mine, view 'text': its samples are not all texts; store it as pipeline/samples/text.py describes.",
    ),
    "NaN": (
        lambda: changed("vector", (slice(4, 6), 1), np.nan),
        "error: mine, view 'vector': there are NaN or infinite numbers: 2 of 90 samples, the first is 's04'; "
        "mend the numbers or drop the pair.",
    ),
    "infinite": (
        lambda: changed("cloud", (9, 6, 2), -np.inf),
        "error: mine, view 'cloud': there are NaN or infinite numbers: 1 of 90 samples, the first is 's09'; "
        "mend the numbers or drop the pair.",
    ),
    "constant column": (
        lambda: changed("vector", (slice(0, 60), 2), 1.5),
        "note: mine, view 'vector': 1 of 4 features are constant in training; "
        "leave them if that can be so, as with the border of a picture, else extract again.",
    ),
    "label": (
        lambda: relabelled(7, 3),
        "error: mine: the label is outside 0..2: 1 of 90 samples, the first is 's07'; "
        "number the classes from 0 or correct the number of classes.",
    ),
    "labels of another type": (
        lambda: replace(good(), labels=np.arange(N) % 3 + 0.5),
        "error: mine: the labels are float64; give whole numbers from 0.",
    ),
    "unused class": (
        lambda: replace(good(), class_names=["ant", "bee", "cat", "dog"]),
        "warning: mine: no sample has the class 'dog'; take it out of the class names.",
    ),
    "untrained class": (
        lambda: relabelled([65, 85], 3, class_names=["ant", "bee", "cat", "dog"]),
        "error: mine: no training sample has the class 'dog'; divide the samples again so that every class is trained.",
    ),
    "untested class": (
        lambda: relabelled([*range(5, 35, 3), 65], 3, class_names=["ant", "bee", "cat", "dog"]),
        "warning: mine: no test sample has the class 'dog'; test it, or say that MAP leaves it out.",
    ),
    "class without validation": (
        lambda: relabelled([*range(5, 35, 3), 85], 3, class_names=["ant", "bee", "cat", "dog"]),
        "note: mine: no validation sample has the class 'dog'; mind that best_validation chooses without it.",
    ),
    "imbalance": (
        lambda: relabelled(np.r_[4:60:3, 5:54:3], 0),
        "note: mine: 'ant' has 56 training samples and 'bee' 1; mind that MAP over queries follows the large classes.",
    ),
    "unknown split": (
        lambda: resplit("test", "dev", slice(3)),
        "error: mine: the split is none of train, valid and test: 3 of 90 samples, the first is 's70'; name it so.",
    ),
    "no test samples": (
        lambda: resplit("test", "valid"),
        "error: mine: the split 'test' has no samples; divide the samples again.",
    ),
    "no training samples": (
        lambda: resplit("train", "valid"),
        "error: mine: the split 'train' has no samples; divide the samples again.",
    ),
    "id twice": (
        lambda: with_ids(8, "s05"),
        "error: mine: an id stands for several samples: 1 of 90 samples, the first is 's05'; "
        "give every sample its own.",
    ),
    "pair twice": (
        lambda: copied(9, 3),
        "warning: mine: the pair is in its split twice: 1 of 90 samples, 's09' (a copy of 's03'); keep one of each.",
    ),
    "pair in two splits": (
        lambda: copied(89, 3),
        "warning: mine: the pair is in several splits: 2 of 90 samples, 's03' (a copy of 's89'), "
        "'s89' (a copy of 's03'); "
        "keep it in one, for a tested pair that was trained flatters every method.",
    ),
    "sample twice": (
        lambda: copied(9, 3, "image"),
        "note: mine, view 'image': another pair of the split has the same sample: 1 of 90 samples, "
        "'s09' (a copy of 's03'); check that it belongs to both.",
    ),
    "sample in two splits": (
        lambda: copied(89, 3, "text"),
        "warning: mine, view 'text': a pair of another split has the same sample: 2 of 90 samples, "
        "'s03' (a copy of 's89'), 's89' (a copy of 's03'); keep such pairs in one split or say so beside the results.",
    ),
    "empty text": (
        lambda: changed("text", 11, " \n"),
        "warning: mine, view 'text': the text is empty: 1 of 90 samples, the first is 's11'; "
        "write one or drop the pair.",
    ),
    "replacement character": (
        lambda: changed("text", 12, "caf\ufffd"),
        "warning: mine, view 'text': the text has replacement characters (U+FFFD): 1 of 90 samples, the first is "
        "'s12'; read the source again as UTF-8.",
    ),
    "mojibake": (
        lambda: changed("text", slice(13, 16), ["cafÃ©", "itâ€™s", "\u00f0\u0178\u2122\u201a"]),
        "warning: mine, view 'text': the text is UTF-8 that was read as something else: 3 of 90 samples, the first is "
        "'s13'; read the source again as UTF-8.",
    ),
    "control character": (
        lambda: changed("text", 14, "bell\x07"),
        "warning: mine, view 'text': the text has control characters: 1 of 90 samples, the first is 's14'; "
        "remove them.",
    ),
    "one colour": (
        lambda: changed("image", 15, [255, 0, 7]),
        "warning: mine, view 'image': the picture is all one colour: 1 of 90 samples, the first is 's15'; "
        "look at the picture file and bring it again or drop the pair.",
    ),
    "one point": (
        lambda: changed("cloud", 16, [1, 2, 3]),
        "warning: mine, view 'cloud': all points of the cloud are equal: 1 of 90 samples, the first is 's16'; "
        "mend the numbers or drop the pair.",
    ),
}


def test_the_good_dataset_has_no_findings() -> None:
    assert printed(good()) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_gives_its_sentence_and_no_other(fault: str) -> None:
    make, sentence = FAULTS[fault]
    assert printed(make()) == [sentence]


def test_votes_that_are_tied_are_a_note() -> None:
    votes = np.repeat(np.array([[0, 0, -1]]), len(good().ids), axis=0)
    votes[[4, 7]] = [0, 1, -1]
    (note,) = printed(replace(good(), annotations=Annotations(["a", "b", "c"], list("xyz"), votes)))
    assert note == (
        "note: mine: the annotators' votes are tied: 2 of 90 samples, the first is 's04'; "
        "decide them, or mind that the hash of the id has chosen."
    )


def test_findings_come_by_gravity() -> None:
    raw = changed("vector", (0, 0), np.nan)
    raw.views["text"].samples[1] = ""
    raw.views["image"].samples[2] = raw.views["image"].samples[3]
    assert [sentence.split(":")[0] for sentence in printed(raw)] == ["error", "warning", "note"]


def test_sizes_are_the_papers() -> None:
    assert printed(good(), display="Wikipedia") == [
        "warning: mine: train / valid / test have 60 / 10 / 20 samples, in the paper 2173 / 231 / 462; "
        "compare with no published number, or bring the authors' files."
    ]


def test_widths_are_the_papers() -> None:
    rng, size = np.random.default_rng(0), 2173 + 693
    views = {
        name: RawView("features", rng.standard_normal((size, width)).astype(np.float32))
        for name, width in (("image", 128), ("text", 9))
    }
    ids = [str(row) for row in range(size)]
    split = np.repeat(["train", "test"], [2173, 693])
    raw = RawDataset(ids, views, np.arange(size) % 10, split, ids, list("abcdefghij"))
    assert printed(raw, display="Wikipedia (SIFT, LDA)") == [
        "note: mine, view 'text': the features have 9 numbers, in the paper 10; compare with no published number."
    ]


def extracted(**changes: Any) -> Features:
    """Features of the good dataset; changes: 'split_view' -> other features."""
    rng, raw = np.random.default_rng(2), good()
    splits = {}
    for name in ("train", "valid", "test"):
        rows = np.flatnonzero(raw.split == name)
        drawn = {view: rng.standard_normal((len(rows), width)).astype(np.float32) for view, width in WIDE.items()}
        views = {view: changes.get(f"{name}_{view}", table) for view, table in drawn.items()}
        splits[name] = Split(views, dict.fromkeys(WIDE, raw.labels[rows]), rows, 3)
    return Features(splits, ["ant", "bee", "cat"], dict.fromkeys(WIDE, "identity"), "0")


def test_features() -> None:
    rng = np.random.default_rng(3)
    assert printed(good(), extracted()) == []
    assert printed(good(), extracted(train_image=np.ones((60, 4), np.float32))) == [
        "error: mine, view 'image': 4 of 4 features are constant in training; extract them again or bring others."
    ]
    assert printed(good(), extracted(test_image=np.zeros((20, 5), np.float32))) == [
        "error: mine, view 'image': a sample has not one and the same number of features in every split: "
        "4 in train, 4 in valid, 5 in test; run `dvc repro` to extract them again."
    ]
    assert printed(good(), extracted(train_image=rng.standard_normal(60).astype(np.float32)))[0].endswith(
        "in every split: no in train, 4 in valid, 4 in test; run `dvc repro` to extract them again."
    )
    far = 1000 * np.tile(np.array([[1.0], [-1.0]], np.float32), (30, 4))
    [scales] = printed(good(), extracted(train_image=far))
    assert scales.startswith("note: mine: features of 'image' deviate from their mean by 1e+03, those of 'vector' by ")
    assert scales.endswith("; scale one view if a method treats both alike.")
    stale = "error: mine, features: they have other samples or labels than the raw data; run `dvc repro` to extract "
    assert printed(relabelled(3, 1), extracted()) == [stale + "them again."]
    assert printed(good(), replace(extracted(), class_names=["ant", "bee", "cow"])) == [stale + "them again."]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one dataset in its grid, whose files are two views, labels and splits."""
    monkeypatch.chdir(tmp_path)
    params = tiny.experiment(datasets=["mine"])
    load = {name: f"files/{name}.npy" for name in ("labels", "split")}
    load["views"] = {view: f"files/{view}.npy" for view in ("vector", "words")}
    block = {"source": "arrays", "load": load, "views": {}}
    params["datasets"] = {"mine": block, "absent": {**block, "load": {**load, "labels": "a.npy", "split": "b.npy"}}}
    params["datasets"]["absent"]["load"]["views"] = {"a": "c.npy", "b": "d.npy"}
    params["datasets"]["mine"]["views"] = {"vector": "identity", "words": "identity"}
    params["extractors"]["identity"] = {}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    (tmp_path / "files").mkdir()
    rng = np.random.default_rng(0)
    for view, width in (("vector", 4), ("words", 3)):
        np.save(tmp_path / "files" / f"{view}.npy", rng.standard_normal((N, width)))
    np.save(tmp_path / "files" / "labels.npy", np.array(["ant", "bee", "cat"])[np.arange(N) % 3])
    np.save(tmp_path / "files" / "split.npy", SPLIT)
    return tmp_path


def spoil(file: str, location: Any, value: Any) -> None:
    array = np.load(f"{file}.npy")
    array[location] = value
    np.save(f"{file}.npy", array)


def fetched(text: str = "") -> Path:
    """data/raw/mine as the fetch stage leaves it: one view of features, one of texts."""
    folder = Path("data/raw/mine")
    folder.mkdir(parents=True)
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "class", "split", "concept"])
        table.writerows([f"s{row:02d}", "abc"[row % 3], SPLIT[row], row] for row in range(N))
    np.save(folder / "vector.npy", np.load("files/vector.npy").astype(np.float32))
    texts = [f"text {row}" for row in range(N - 1)] + [text or "the last"]
    (folder / "words.json").write_text(json.dumps(texts), encoding="utf-8")
    meta = {"class_names": list("abc"), "views": {"vector": "features", "words": "text"}}
    (folder / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
    return folder


def call(*datasets: str) -> Result:
    return CliRunner().invoke(doctor, list(datasets))


@pytest.mark.usefixtures("root")
def test_exit_codes_tell_the_gravest_finding() -> None:
    assert (call().exit_code, call().stdout) == (0, "mine: nothing found.\n")
    spoil("files/vector", (slice(0, 60), 0), 1)
    assert call("mine").exit_code == 0
    assert call("mine").stdout.startswith("note: mine, view 'vector': 1 of 4 features are constant in training; ")
    for view in ("vector", "words"):
        spoil(f"files/{view}", 9, np.load(f"files/{view}.npy")[3])
    result = call("mine")
    assert result.exit_code == 1
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == ["warning", "note"]
    fetched()
    Path("data/raw/mine/manifest.csv").write_text("id\n1\n", encoding="utf-8")
    result = call("mine")
    assert result.exit_code == 2
    assert result.stdout == (
        "error: data/raw/mine/manifest.csv: the columns are not id, class, split, concept; fetch the dataset again.\n"
    )


@pytest.mark.usefixtures("root")
def test_what_a_loader_refuses_is_a_finding() -> None:
    spoil("files/words", (5, 1), np.nan)
    result = call()
    assert result.exit_code == 2
    assert result.stdout == (
        "error: files/words.npy: row 5, column 1 is NaN, infinite or too large; "
        "mend or drop the sample in every file.\n"
    )
    Path("files/words.npy").unlink()
    assert call().exit_code == 2
    assert call().stdout.startswith("error: files/words.npy: ")


@pytest.mark.usefixtures("root")
def test_datasets_whose_files_are_there_are_looked_at_unasked() -> None:
    assert "absent" not in call().stdout
    named = call("absent", "mine")
    assert named.exit_code == 2
    assert named.stdout.startswith("error: ")
    assert named.stdout.endswith("\nmine: nothing found.\n")
    Path("c.npy").touch()
    assert call().exit_code == 2
    assert call("mien").stdout == "error: params.yaml, datasets: unknown name 'mien'; did you mean 'mine'?\n"


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("name", ["vector.npy", "words.json", "meta.json", "manifest.csv"])
@pytest.mark.parametrize("content", [b"", b"\x93NUMPY\x01\x00", b"[]", b'{"class_names": 1}', b"\xff\xfe", b"null"])
def test_damaged_files_never_crash_it(name: str, content: bytes) -> None:
    folder = fetched()
    (folder / name).write_bytes(content)
    result = call("mine")
    assert result.exit_code == 2, result.output
    assert result.stdout.startswith("error: ")
    assert len(result.stdout.splitlines()) == 1


@pytest.mark.usefixtures("root")
def test_damaged_features_are_a_finding_beside_those_of_the_raw_samples() -> None:
    fetched("\ufffd")
    tiny.store(Path("data/features/mine"))
    Path("data/features/mine/train_image.npy").write_bytes(b"")
    lines = call("mine").stdout.splitlines()
    assert lines[0] == "error: mine: it cannot be read (EOFError); fetch and extract it again."
    assert lines[1].startswith("error: params.yaml, datasets.mine.views.words: 'identity' reads views of kind features")
    assert lines[2].startswith("warning: mine, view 'words': the text has replacement characters (U+FFFD): ")
    assert len(lines) == 3


@pytest.mark.usefixtures("root")
def test_the_examine_stage_stops_at_errors_and_repeats_warnings() -> None:
    folder = fetched("cafÃ©")
    result = CliRunner().invoke(examine_stage, ["mine"])
    assert result.exit_code == 0, result.output
    warning = "warning: mine, view 'words': the text is UTF-8 that was read as something else: 1 of 90"
    assert warning in result.stderr
    assert not result.stdout
    findings = (FINDINGS / "mine.txt").read_text(encoding="utf-8")
    assert warning in findings
    spoil(str(folder / "vector"), (4, 0), np.inf)
    result = CliRunner().invoke(examine_stage, ["mine"])
    assert result.exit_code == 2
    assert result.stderr.endswith(
        "Error: mine, view 'vector': there are NaN or infinite numbers: 1 of 90 samples, the first is 's04'; "
        "mend the numbers or drop the pair.\n"
    )
    assert (FINDINGS / "mine.txt").read_text(encoding="utf-8") == findings


@pytest.mark.usefixtures("root")
def test_array_files_that_nothing_names_are_notes() -> None:
    Path("files/readme.md").touch()
    Path("files/older").mkdir()
    for name in ("older/labels", "zzz"):
        np.save(f"files/{name}.npy", np.zeros(3))
    result = call()
    assert result.exit_code == 0
    assert result.stdout == (
        "note: mine: nothing is read from files/zzz.npy; "
        "correct the name of what belongs to it, leave or remove the rest.\n"
    )
    Path("files/words.npy").rename("files/word.npy")
    lines = call().stdout.splitlines()
    assert lines[0].startswith("error: files/words.npy: the file is missing; ")
    assert lines[1] == (
        "note: mine: nothing is read from files/word.npy; "
        "name it files/words.npy if that is what it is, else leave or remove it."
    )
    assert lines[2].startswith("note: mine: nothing is read from files/zzz.npy; ")


@pytest.mark.usefixtures("root")
def test_what_other_settings_name_is_read() -> None:
    np.save("files/noisy.npy", np.zeros(3))
    np.save("files/annotator.npy", np.zeros(3))
    assert "files/annotator.npy, files/noisy.npy;" in call().stdout
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    params["noises"]["given"] = {"labels": {"vector": "files/noisy.npy", "words": "./files/annotator.npy:array"}}
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    assert call().stdout == "mine: nothing found.\n"


def strays(folder: Path, *names: str) -> list[str]:
    """What is told of a folder of Wikipedia's shallow features, in which these files stand."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    actual = list(check_files(WikipediaShallow(folder), [], "wikipedia_shallow"))
    assert all(finding.severity == Severity.NOTE for finding in actual)
    return [str(finding).replace(str(folder), "HERE") for finding in actual]


LIST = "trainset_txt_img_cat.list"


def test_a_misspelt_or_misplaced_file_is_told_beside_the_missing_one(tmp_path: Path) -> None:
    assert strays(tmp_path / "absent") == []
    assert strays(tmp_path, "categories.list", "testset_txt_img_cat.list") == []
    notes = strays(tmp_path, f"{LIST}.txt", "archive/raw_features.mat", "README")
    assert notes == [
        f"note: wikipedia_shallow: nothing is read from HERE/{misnamed}; "
        f"name it HERE/{right} if that is what it is, else leave or remove it."
        for misnamed, right in (("archive/raw_features.mat", "raw_features.mat"), (f"{LIST}.txt", LIST))
    ] + [
        "note: wikipedia_shallow: nothing is read from HERE/README; "
        "correct the name of what belongs to it, leave or remove the rest."
    ]


def test_a_name_is_not_offered_where_a_file_has_it_or_another_is_nearer(tmp_path: Path) -> None:
    [note] = strays(tmp_path, "raw_features.mat", "raw_features2.mat", "categories.list", "testset_txt_img_cat.list")
    assert "raw_features2.mat; correct the name" in note
    notes = strays(tmp_path, f"{LIST}s", f"{LIST}_old2")
    assert [note.partition("; ")[0].partition("HERE/")[2] for note in notes] == [
        f"{LIST}s",
        f"raw_features2.mat, HERE/{LIST}_old2",
    ]


def test_many_files_make_one_sentence_and_own_and_hidden_ones_none(tmp_path: Path) -> None:
    names = ("a.lock", "b.part", "b.part.json", ".DS_Store", ".cache/c", *(f"texts/{row}.xml" for row in range(9)))
    assert strays(tmp_path, *names) == [
        "note: wikipedia_shallow: nothing is read from HERE/texts/0.xml, HERE/texts/1.xml, HERE/texts/2.xml and 6 "
        "more; correct the name of what belongs to it, leave or remove the rest."
    ]


WITH_FOLDER = [name for name, described in samples.project().datasets.items() if "folder" in (described.load or {})]


@pytest.mark.parametrize("name", WITH_FOLDER)
def test_every_dataset_knows_what_it_misses(name: str, tmp_path: Path) -> None:
    described = samples.project().dataset(name)
    load = {**(described.load or {}), "folder": tmp_path}
    dataset = build("pipeline.data", described.source or name, Dataset, load)
    with pytest.raises(MissingFiles) as caught:
        dataset.load(lambda done, total: None)
    lost = caught.value.problem.removesuffix(" is missing")
    assert lost in {part for file in dataset.expected() for part in (file.name, file.stem)}
    assert not any(file.exists() for file in dataset.expected())
