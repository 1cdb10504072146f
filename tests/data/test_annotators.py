"""Several labels per sample: in columns or in rows, with gaps; the vote, and what is kept of it."""

import json

import numpy as np
import pytest

from pipeline.core.datasets import Annotations
from pipeline.core.errors import BadInput, BadParams
from pipeline.data.base import annotators, store
from pipeline.data.folder import Folder
from pipeline.noise.given import Given
from tests.data.test_folder import STEMS, put

PEOPLE = ["anna", "ben", "cleo"]
OTHER = {"cats": "dogs", "dogs": "cats"}


def said(stem, person):
    """Anna is right, ben in two of three, cleo left every second sample out and is right in the rest."""
    label, number = stem.split("/")[0], int(stem[-3:])
    if person == "ben":
        return OTHER[label] if number % 3 == 0 else label
    return "" if person == "cleo" and number % 2 else label


@pytest.fixture
def folder(tmp_path):
    for stem in STEMS:
        put(tmp_path / f"{stem.replace('/', '-')}.png", stem)
    return tmp_path


def row(stem, **cells):
    return {"file": f"{stem.replace('/', '-')}.png", "text": f"about {stem}", **cells}


def wide(folder, change=lambda rows: rows, **more):
    rows = [row(stem, **{person: said(stem, person) or None for person in PEOPLE}, **more) for stem in STEMS]
    return write(folder, change(rows))


def long(folder, change=lambda rows: rows):
    pairs = [(stem, person) for person in reversed(PEOPLE) for stem in STEMS if said(stem, person)]
    return write(folder, change([row(stem, worker=person, label=said(stem, person)) for stem, person in pairs]))


def write(folder, rows):
    (folder / "t.jsonl").write_text("".join(json.dumps(cells) + "\n" for cells in rows), encoding="utf-8")
    return folder


def load(folder, **columns):
    views = {"image": {"kind": "image", "side": 8}, "text": {"kind": "text"}}
    return Folder(folder, views, table="t.jsonl", columns=columns).load(lambda done, total: None)


def of_sample(raw):
    """Sample -> annotator -> label."""
    given = raw.annotations
    names = [*given.labels, ""]
    return {
        name: {person: names[vote] for person, vote in zip(given.annotators, votes, strict=True)}
        for name, votes in zip(raw.ids, given.votes.tolist(), strict=True)
    }


def test_columns_and_rows_say_the_same_and_most_win(folder):
    in_columns = load(wide(folder), labels=PEOPLE)
    in_rows = load(long(folder), annotator="worker")
    expected = {stem.replace("/", "-"): {person: said(stem, person) for person in PEOPLE} for stem in STEMS}
    assert of_sample(in_columns) == of_sample(in_rows) == expected
    assert in_columns.annotations.annotators == in_rows.annotations.annotators == PEOPLE
    for raw in (in_columns, in_rows):
        won = dict(zip(raw.ids, (raw.class_names[label] for label in raw.labels), strict=True))
        three = [stem for stem in STEMS if said(stem, "cleo")]
        assert all(won[stem.replace("/", "-")] == stem.split("/")[0] for stem in three)
    np.testing.assert_array_equal(np.sort(in_rows.labels), np.sort(in_columns.labels))


def test_ties_favour_nobody_and_depend_on_the_sample_alone():
    ids = [f"s{number}" for number in range(400)]
    won = annotators.vote(ids, (["a", "b"], [["cat", "dog"]] * 400))
    assert 150 < won.count("cat") < 250
    assert annotators.vote(ids, (["b", "a"], [["dog", "cat"]] * 400)) == won
    assert annotators.vote(ids[7:8], (["a", "b"], [["cat", "dog"]])) == won[7:8]
    assert annotators.vote(["s"], (["a", "b", "c", "d"], [["x", "y", "", "y"]])) == ["y"]
    assert annotators.vote(["s", "t"], (["a"], [[""], [""]])) == ["", ""]


def test_a_column_of_true_labels_stays_the_label(folder):
    raw = load(wide(folder, label="cats", change=lambda rows: [{**x, "label": x["anna"]} for x in rows]), labels=PEOPLE)
    assert raw.labels.tolist() == [0] * 30 + [1] * 30


def test_votes_are_kept_with_the_raw_samples_and_go_with_them(folder, tmp_path):
    raw = load(wide(folder, lambda rows: [{**rows[0], "ben": "birds"}, *rows[1:]]), labels=PEOPLE)
    assert raw.annotations.labels == ["cats", "dogs", "birds"]
    stored = tmp_path / "raw"
    store.write(raw, stored)
    with np.load(stored / "annotators.npz", allow_pickle=False) as file:
        assert file["votes"].dtype == np.int64
        np.testing.assert_array_equal(file["votes"], raw.annotations.votes)
        assert file["annotators"].tolist() == PEOPLE
    kept = store.read(stored).annotations
    assert isinstance(kept, Annotations)
    assert (kept.votes[0].tolist(), kept.labels) == ([0, 2, 0], ["cats", "dogs", "birds"])
    store.write(load(wide(folder, label="cats", change=lambda rows: [{**x, "label": x["anna"]} for x in rows])), stored)
    assert store.read(stored).annotations is None
    (stored / "annotators.npz").write_bytes(b"PK")
    with pytest.raises(BadInput, match=r"annotators\.npz: the votes cannot be read; fetch"):
        store.read_manifest(stored)


def test_given_noise_takes_one_annotator_or_the_vote(folder, tmp_path):
    raw = load(wide(folder, label="", change=lambda rows: [{**x, "label": x["anna"]} for x in rows]), labels=PEOPLE)
    store.write(raw, tmp_path / "raw")
    train = raw.split == "train"
    true = dict.fromkeys(("image", "text"), raw.labels[train])
    noise = Given(tmp_path / "raw", {"image": "annotators:ben", "text": "annotators"})
    noisy = noise.corrupt(true, 2, 0.0, None, lambda *words: np.random.default_rng(0)).labels
    ben = [raw.class_names.index(said(stem, "ben")) for stem in STEMS]
    np.testing.assert_array_equal(noisy["image"], np.array(ben)[train])
    assert 0 < np.mean(noisy["text"] != true["text"]) < np.mean(noisy["image"] != true["image"])
    for place, complaint in (
        ("annotators:cleo", "annotators:cleo: 'cleo' has not labelled the training sample 'cats-"),
        ("annotators:bob", "annotators:bob: unknown name 'bob'"),
    ):
        with pytest.raises((BadInput, BadParams), match=complaint):
            Given(tmp_path / "raw", place).corrupt(true, 2, 0.0, None, lambda *words: np.random.default_rng(0))


NOBODY = dict.fromkeys(PEOPLE)
ROWS = {"annotator": "worker"}


@pytest.mark.parametrize(
    ("make", "columns", "complaint"),
    [
        (lambda f: wide(f, lambda x: [{**x[0], **NOBODY}, *x[1:]]), {"labels": PEOPLE}, "line 1: no annotator has"),
        (wide, {"labels": ["anna", "bob"]}, "unknown name 'bob'"),
        (wide, {"labels": ["anna", "anna"]}, "columns: the column 'anna' is named twice; give each its own"),
        (wide, {"labels": "anna"}, r"columns: 'labels' is 'anna'; write labels: \[column, column\]"),
        (wide, {"label": ["anna"]}, r"columns: 'label' is \['anna'\]; write the name of one column"),
        (wide, {"text": "label"}, "columns: the column 'label' is named twice"),
        (lambda f: long(f, lambda x: [*x, x[0]]), ROWS, "line 151: 'cleo' has also labelled 'cats-000'"),
        (
            lambda f: long(f, lambda x: [*x[:-1], {**x[-1], "text": "other"}]),
            ROWS,
            "'text' has another value for 'do",
        ),
        (long, {}, "'cats-000' is also in .*; keep one row per sample"),
        (long, {"labels": PEOPLE} | ROWS, "both 'annotator' and 'labels' are given"),
    ],
)
def test_what_cannot_be_meant_is_refused(folder, make, columns, complaint):
    with pytest.raises((BadInput, BadParams), match=complaint):
        load(make(folder), **columns)
