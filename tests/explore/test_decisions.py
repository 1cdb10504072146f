"""Decisions become a new table beside the user's own, and the next run tells what they gained."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.core.cells import CellKey
from pipeline.core.datasets import RawDataset
from pipeline.core.errors import BadInput, PipelineError, UnknownName
from pipeline.core.progress import quiet
from pipeline.data.arrays import Arrays
from pipeline.data.base.store import Manifest
from pipeline.data.emoji import Emoji
from pipeline.data.folder import Folder
from pipeline.explore.decisions.corrected import write_corrected
from pipeline.explore.decisions.decisions import COLUMNS, Decision, read_decisions
from pipeline.explore.decisions.gain import gains, remember, sentences, told
from pipeline.runs.finished_cell import FinishedCell
from pipeline.runs.store import CellStore
from tests.support.finished import write_cell

VIEWS = {"image": {"kind": "image", "side": 8}, "text": {"kind": "text"}}
COUNT = 8


def decision(sample: str, given: str, label: str, by: str = "") -> Decision:
    verdict = "unclear" if not label else "right" if label == given else "wrong"
    return Decision(sample, given, verdict, label, by, "decisions.csv, line 2")


def decided(*decisions: Decision) -> dict[str, Decision]:
    return {one.sample: one for one in decisions}


def write_csv(file: Path, *rows: Sequence[str], header: Sequence[str] = COLUMNS) -> Path:
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([header, *rows])
    return file


def table(file: Path) -> dict[str, dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return {row["file"]: row for row in csv.DictReader(opened)}


def split_of(row: int) -> str:
    return ("train", "train", "test", "test")[row % 4]


def with_table(folder: Path, name: str = "captions.csv") -> Folder:
    """Eight pictures of two classes in turn; the texts, labels and splits stand in a table."""
    folder.mkdir()
    rows = []
    for row in range(COUNT):
        Image.fromarray(np.full((8, 8, 3), 20 * row, dtype=np.uint8)).save(folder / f"photo_{row}.png")
        rows.append([f"photo_{row}.png", f'says "{row}", twice', ("cats", "dogs")[row % 2], split_of(row), "mine"])
    write_csv(folder / name, *rows, header=["file", "text", "label", "split", "note"])
    return Folder(folder, VIEWS, table=name)


def in_folders(folder: Path) -> Folder:
    """The same pairs, in folders of their split and class."""
    for row in range(COUNT):
        place = folder / split_of(row) / ("cats", "dogs")[row % 2]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8, 3), 20 * row, dtype=np.uint8)).save(place / f"photo_{row}.png")
        (place / f"photo_{row}.txt").write_text(f'says "{row}",\ntwice', encoding="utf-8")
    return Folder(folder, VIEWS)


def loaded(source: Folder | Arrays) -> RawDataset:
    return source.load(quiet)


def test_a_new_table_stands_beside_the_users_own(tmp_path: Path) -> None:
    source = with_table(tmp_path / "photos")
    before = (tmp_path / "photos/captions.csv").read_bytes()
    decisions = decided(
        decision("photo_0", "cats", "dogs", "anna"),
        decision("photo_1", "dogs", "dogs"),
        decision("photo_3", "dogs", ""),
    )
    written = write_corrected(source, loaded(source), decisions, "my_photos")
    assert (written.file, written.setting, written.changed) == (
        tmp_path / "photos/captions.decided.csv",
        "`table: captions.decided.csv`",
        1,
    )
    assert (tmp_path / "photos/captions.csv").read_bytes() == before
    rows = table(written.file)
    columns = ("label", "label_before", "decision", "decided_by", "note", "text")
    assert [rows["photo_0.png"][name] for name in columns] == [
        "dogs",
        "cats",
        "wrong",
        "anna",
        "mine",
        'says "0", twice',
    ]
    assert [rows["photo_1.png"][name] for name in columns[:4]] == ["dogs", "dogs", "right", ""]
    assert [rows["photo_3.png"][name] for name in columns[:4]] == ["dogs", "dogs", "unclear", ""]
    assert [rows["photo_2.png"][name] for name in columns[:4]] == ["cats", "", "", ""]
    again = loaded(Folder(tmp_path / "photos", VIEWS, table="captions.decided.csv"))
    assert [again.class_names[label] for label in again.labels] == ["dogs", "dogs", *["cats", "dogs"] * 3]
    assert list(again.ids) == list(loaded(source).ids)
    np.testing.assert_array_equal(again.split, loaded(source).split)


def test_applied_twice_it_is_the_same_file_and_a_second_round_another(tmp_path: Path) -> None:
    source = with_table(tmp_path / "photos")
    first = decided(decision("photo_0", "cats", "dogs", "anna"))
    files = {write_corrected(source, loaded(source), first, "my_photos").file for _ in range(2)}
    assert {file.name for file in files} == {"captions.decided.csv"}
    source = Folder(tmp_path / "photos", VIEWS, table="captions.decided.csv")
    second = decided(decision("photo_2", "cats", "dogs", "ben"), decision("photo_0", "dogs", "cats", "ben"))
    written = write_corrected(source, loaded(source), second, "my_photos")
    assert written.file.name == "captions.decided-2.csv"
    rows = table(written.file)
    kept = {name: [row["label"], row["label_before"], row["decided_by"]] for name, row in rows.items()}
    assert kept["photo_0.png"] == ["cats", "cats", "ben"]
    assert kept["photo_2.png"] == ["dogs", "cats", "ben"]


def annotated(folder: Path, columns: Any, *rows: Sequence[str], header: Sequence[str]) -> Folder:
    """Eight pictures and a table with the labels of several people."""
    with_table(folder)
    write_csv(folder / "votes.csv", *rows, header=header)
    return Folder(folder, VIEWS, table="votes.csv", columns=columns)


def test_a_vote_gives_way_to_a_decision_where_annotators_have_columns(tmp_path: Path) -> None:
    rows = [
        [f"photo_{row}.png", f"text {row}", split_of(row), *([("cats", "dogs")[row % 2]] * 2), "cats"]
        for row in range(COUNT)
    ]
    header = ["file", "text", "split", "anna", "ben", "carl"]
    columns = {"labels": ["anna", "ben", "carl"]}
    source = annotated(tmp_path / "photos", columns, *rows, header=header)
    written = write_corrected(source, loaded(source), decided(decision("photo_1", "dogs", "cats")), "my_photos")
    kept = table(written.file)["photo_1.png"]
    assert [kept[name] for name in ("label", "label_before", "anna", "carl")] == ["cats", "dogs", "dogs", "cats"]
    again = loaded(Folder(tmp_path / "photos", VIEWS, table="votes.decided.csv", columns=columns))
    assert [again.class_names[label] for label in again.labels] == ["cats", "cats", *["cats", "dogs"] * 3]


def test_a_vote_gives_way_to_a_decision_where_annotators_have_rows(tmp_path: Path) -> None:
    rows = [
        [f"photo_{row}.png", f"text {row}", split_of(row), who, ("cats", "dogs")[row % 2]]
        for row in range(COUNT)
        for who in ("anna", "ben")
    ]
    header = ["file", "text", "split", "who", "label"]
    source = annotated(tmp_path / "photos", {"annotator": "who"}, *rows, header=header)
    written = write_corrected(source, loaded(source), decided(decision("photo_1", "dogs", "cats")), "my_photos")
    assert written.setting == "`table: votes.decided.csv` without `annotator` under `columns`"
    again = loaded(Folder(tmp_path / "photos", VIEWS, table="votes.decided.csv"))
    assert [again.class_names[label] for label in again.labels] == ["cats", "cats", *["cats", "dogs"] * 3]
    assert list(again.views["text"].samples) == [f"text {row}" for row in range(COUNT)]


def test_labels_of_folders_become_a_table(tmp_path: Path) -> None:
    source = in_folders(tmp_path / "photos")
    raw = loaded(source)
    sample = "train/cats/photo_0"
    written = write_corrected(source, raw, decided(decision(sample, "cats", "dogs")), "my_photos")
    assert written.file == tmp_path / "photos/labels.decided.csv"
    again = loaded(Folder(tmp_path / "photos", VIEWS, table="labels.decided.csv"))
    assert list(again.ids) == list(raw.ids)
    np.testing.assert_array_equal(again.split, raw.split)
    assert list(again.views["text"].samples) == list(raw.views["text"].samples)
    changed = [again.class_names[label] for label in again.labels]
    expected = [raw.class_names[label] for label in raw.labels]
    expected[list(raw.ids).index(sample)] = "dogs"
    assert changed == expected


def test_labels_of_arrays_become_an_array(tmp_path: Path) -> None:
    numbers = np.random.default_rng(0).random((20, 3)).astype("f4")
    np.savez(tmp_path / "mine.npz", image=numbers, text=numbers, labels=np.arange(20) % 2)
    place = tmp_path / "mine.npz"
    shares = {"train": 0.5, "test": 0.5}
    source = Arrays({"image": f"{place}:image", "text": f"{place}:text"}, f"{place}:labels", shares=shares)
    written = write_corrected(source, loaded(source), decided(decision("3", "1", "0", "anna")), "mine")
    assert written.setting == f"`labels: {tmp_path / 'mine.decided.npz'}:labels`"
    again = loaded(Arrays(source.views, written.setting.strip("`").removeprefix("labels: "), shares=shares))
    np.testing.assert_array_equal(np.flatnonzero(again.labels != loaded(source).labels), [3])
    with np.load(written.file, allow_pickle=False) as arrays:
        assert (arrays["decided_by"][3], arrays["label_before"][3], arrays["label_before"][4]) == ("anna", "1", "")


@pytest.mark.parametrize(
    ("wrong", "error", "sentence"),
    [
        (decision("photo_9", "cats", "dogs"), BadInput, "line 2: the dataset has no sample 'photo_9'"),
        (decision("photo_0", "cats", "doggs"), UnknownName, "'doggs'; did you mean 'dogs'"),
        (decision("photo_0", "dogs", "cats"), BadInput, "label 'dogs' of 'photo_0', which is 'cats' in dataset"),
    ],
)
def test_a_decision_that_does_not_fit_writes_nothing(
    tmp_path: Path, wrong: Decision, error: type[PipelineError], sentence: str
) -> None:
    source = with_table(tmp_path / "photos")
    there = sorted((tmp_path / "photos").iterdir())
    with pytest.raises(error, match=sentence):
        write_corrected(source, loaded(source), decided(decision("photo_1", "dogs", "cats"), wrong), "my_photos")
    assert sorted((tmp_path / "photos").iterdir()) == there


def test_a_table_that_has_changed_since_is_refused(tmp_path: Path) -> None:
    source = with_table(tmp_path / "photos")
    raw, file = loaded(source), tmp_path / "photos/captions.csv"
    file.write_text(file.read_text().replace("dogs", "cats", 1))
    with pytest.raises(BadInput, match=r"captions.csv: it has other samples or labels than when it was read"):
        write_corrected(source, raw, decided(decision("photo_0", "cats", "dogs")), "my_photos")


def test_labels_of_a_benchmark_are_nobodys_to_correct(tmp_path: Path) -> None:
    raw = loaded(with_table(tmp_path / "photos"))
    with pytest.raises(BadInput, match=r"dataset 'emoji': its labels come from .*, not from files of yours"):
        write_corrected(Emoji(seed=0), raw, decided(decision("photo_0", "cats", "dogs")), "emoji")


def row(sample: str, given: str, verdict: str, label: str, by: str = "", dataset: str = "mine") -> list[str]:
    return [dataset, sample, given, verdict, label, by]


def test_several_files_are_one_and_name_everybody(tmp_path: Path) -> None:
    one = write_csv(tmp_path / "a.csv", row("x", "cats", "wrong", "dogs", "anna"), row("y", "cats", "unclear", ""))
    other = write_csv(tmp_path / "b.csv", row("x", "cats", "wrong", "dogs", "ben"), row("z", "cats", "right", "cats"))
    decisions = read_decisions([one, other], "mine")
    assert [(name, said.label, said.by) for name, said in decisions.items()] == [
        ("x", "dogs", "anna; ben"),
        ("y", "", ""),
        ("z", "cats", ""),
    ]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (
            [row("x", "cats", "wrong", "dogs"), row("x", "cats", "right", "cats")],
            "'x' is 'cats' here and 'dogs' in .*line 2",
        ),
        (
            [row("x", "cats", "wrong", "dogs"), row("x", "cats", "unclear", "")],
            "'x' is 'cannot tell' here and 'dogs' in",
        ),
        ([row("x", "cats", "wrong", "dogs", dataset="others")], "line 2: it is about the dataset 'others'"),
        ([row("x", "cats", "wrong", "cats")], "the decision is 'wrong', the label 'cats', and 'cats' was given"),
        ([row("x", "cats", "right", "dogs")], "the decision is 'right', the label 'dogs'"),
        ([row("x", "cats", "unclear", "dogs")], "the decision is 'unclear', the label 'dogs'"),
        ([row("x", "cats", "wrnog", "dogs")], "decision: unknown name 'wrnog'; did you mean 'wrong'"),
    ],
)
def test_decisions_that_cannot_be_meant_are_refused(tmp_path: Path, rows: list[list[str]], sentence: str) -> None:
    with pytest.raises(PipelineError, match=sentence):
        read_decisions([write_csv(tmp_path / "decisions.csv", *rows)], "mine")


def test_another_file_is_no_file_of_decisions(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "captions.csv", ["a.png", "cats"], header=["file", "label"])
    with pytest.raises(BadInput, match=r"captions.csv: it holds no decisions, which have the columns dataset, sample"):
        read_decisions([file], "mine")


# --- what they gained ---

IDS = [f"id-{n}" for n in range(12)]


def manifest(labels: Any, ids: Sequence[str] = IDS, test: int = 6) -> Manifest:
    split = np.array(["train"] * (len(ids) - test) + ["test"] * test)
    return Manifest(list(ids), np.asarray(labels), split, list(ids), ["cats", "dogs"], {}, {})


def finished(tmp_path: Path, fingerprint: str, labels: Any, method: str = "ce") -> None:
    """A run of one method whose test embeddings tell these labels, in the store and in the folder of runs."""
    test = np.eye(2)[np.asarray(labels)].astype("f4")
    key = CellKey("mine", method, "default", "given", 0.0, 0)
    store = CellStore(tmp_path / "cells")

    def fill(folder: Path) -> None:
        made = write_cell(tmp_path / "made" / fingerprint, key, {"last_epoch": {"image": test, "text": test}})
        cell = FinishedCell.read(made)
        for file in made.iterdir():
            (folder / file.name).write_bytes(
                file.read_bytes().replace(b'"fingerprint": "f"', f'"fingerprint": "{fingerprint}"'.encode())
            )
        assert cell.key == key

    store.add(fingerprint, fill)
    shutil.rmtree(tmp_path / "runs", ignore_errors=True)
    store.publish(fingerprint, tmp_path / "runs" / method / key.name)


OLD = np.array([0, 1] * 6)
NEW = np.where(np.arange(12) == 6, 1, OLD)
"""The first test label is corrected from cats to dogs."""
CHOICE = {"id-6": decision("id-6", "cats", "dogs")}


def compared(tmp_path: Path, now: Manifest) -> Any:
    return gains(tmp_path / "before.json", tmp_path / "runs", now, CellStore(tmp_path / "cells"))


def test_both_runs_are_judged_by_the_labels_of_now_on_what_both_held_out(tmp_path: Path) -> None:
    """The first run repeats the wrong test label: by the old labels it is perfect, by those of now it is not."""
    finished(tmp_path, "old", OLD[6:])
    remember(tmp_path / "before.json", tmp_path / "runs", manifest(OLD), CHOICE)
    finished(tmp_path, "new", NEW[6:])
    (gain,), count, changed = compared(tmp_path, manifest(NEW))
    assert (count, changed) == (6, 1)
    assert gain.reported == 1.0
    assert gain.before < 0.9
    assert gain.after == 1.0
    assert gain.low < gain.after - gain.before < gain.high
    printed = sentences([gain], count, changed)
    assert printed[0].startswith("MAP on the 6 samples that both runs held out")
    assert "-> 1.000" in printed[1]
    assert "was 1.000 by the old labels" in printed[1]


def test_samples_that_one_run_did_not_hold_out_are_left_aside(tmp_path: Path) -> None:
    finished(tmp_path, "old", OLD[6:])
    remember(tmp_path / "before.json", tmp_path / "runs", manifest(OLD), CHOICE)
    finished(tmp_path, "new", [*NEW[7:], 0])
    moved = [*IDS[:6], *IDS[7:], "id-12"]
    (gain,), count, changed = compared(tmp_path, manifest([*OLD[:6], *NEW[7:], 0], moved))
    assert (count, changed) == (5, 0)
    assert (gain.before, gain.after) == (1.0, 1.0)


def test_a_run_on_other_labels_is_no_answer(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no decisions were applied yet; run `stages.tools.decide` first"):
        compared(tmp_path, manifest(OLD))
    finished(tmp_path, "old", OLD[6:])
    remember(tmp_path / "before.json", tmp_path / "runs", manifest(OLD), CHOICE)
    (tmp_path / "damaged.json").write_text("{")
    with pytest.raises(BadInput, match="it is not what `decide` wrote"):
        gains(tmp_path / "damaged.json", tmp_path / "runs", manifest(NEW), CellStore(tmp_path / "cells"))
    with pytest.raises(BadInput, match="its labels are not the corrected ones yet; set the table"):
        compared(tmp_path, manifest(OLD))
    with pytest.raises(BadInput, match="all runs are those from before the decisions; run the experiment again"):
        compared(tmp_path, manifest(NEW))
    with pytest.raises(BadInput, match="held out no samples in common"):
        compared(tmp_path, manifest(NEW, [f"other-{n}" for n in range(12)]))


def test_the_run_tells_it_by_itself_and_nothing_without_decisions(tmp_path: Path) -> None:
    places = (tmp_path / "decided", tmp_path / "raw", tmp_path / "runs", CellStore(tmp_path / "cells"))
    assert told(*places) == ""
    finished(tmp_path, "old", OLD[6:])
    remember(tmp_path / "decided" / "mine.json", tmp_path / "runs", manifest(OLD), CHOICE)
    assert told(*places).startswith("\nWhat decisions about mine gained:\n  not to be told. ")
