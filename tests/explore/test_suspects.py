"""What a cell tells about labels, as a table and as a sheet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.core.cells import CellKey
from pipeline.core.datasets import RawDataset, RawView
from pipeline.core.errors import BadInput
from pipeline.core.runs import LabelNoise
from pipeline.explore.suspects import suspect_sheet
from pipeline.explore.suspects.cross_fit import Judgement
from pipeline.explore.suspects.suspect_sheet import most_suspicious, suspicion_table, write
from pipeline.explore.suspects.suspects import collect, find_cell, of_every_split, pooled
from pipeline.noise.base import make
from pipeline.noise.mismatched import Mismatched
from pipeline.noise.symmetric import Symmetric
from pipeline.noise.symmetric_pair import SymmetricPair
from pipeline.runs.extras import SUGGESTED
from pipeline.runs.finished_cell import SUSPICION, FinishedCell, write_result
from tests.support import tiny

COUNT = tiny.SIZES["train"]
NAMES = ["<b>cats</b>", 'dogs, "big"', "birds"]
IDS = [f"a/{row}&" for row in range(sum(tiny.SIZES.values()))]


def raw() -> RawDataset:
    """Training samples stand last here, so that a place in the split is no row of the dataset."""
    _, labels, split = tiny.arrays()
    pictures = np.zeros((len(split), 4, 4, 3), dtype=np.uint8)
    texts = [f"<script>words {row}" for row in range(len(split))]
    views = {"image": RawView("image", pictures), "text": RawView("text", texts)}
    order = np.roll(np.arange(len(split)), -COUNT)
    return RawDataset(IDS, views, labels[order], split[order], IDS, NAMES)


@pytest.fixture
def features(tmp_path):
    return tiny.features(tmp_path / "features")


def settle(
    tmp_path, features, source=None, method="ce", tells=True, rate=0.4, suggests=True, seed=0, status="done", noise=None
):
    """A finished cell on disk and the noise that it was trained with. noise: its estimate."""
    key = CellKey("emoji", method, "default", "symmetric", rate, seed)
    train = features.splits["train"]
    draw = make(source or Symmetric(), "symmetric", "emoji", train.labels, tiny.CLASSES, rate, seed)
    folder = tmp_path / "runs" / method / key.name
    folder.mkdir(parents=True)
    write_result(FinishedCell(folder, key, status, "why", "c", "f", features.digest, draw[1].hash, [], noise))
    if tells:
        rng = np.random.default_rng(seed)
        arrays = {view: rng.random(COUNT).astype("f4") for view in train.views}
        if suggests:
            arrays[SUGGESTED] = train.labels["image"]
        np.savez(folder / SUSPICION, **arrays)
    return draw


def result(tmp_path, method="ce", variant="default", noise=None, rate=None, seed=0):
    return find_cell(tmp_path / "runs", method, variant, noise, rate, seed)


def collected(tmp_path, features, known=True, **made):
    draw = settle(tmp_path, features, **made)
    return collect(result(tmp_path), raw(), features, *draw, known=known), draw[0]


def test_the_table_has_every_label_the_most_suspicious_first(tmp_path, features):
    suspects, noise = collected(tmp_path, features)
    rows = suspicion_table(suspects)
    assert list(rows) == ["sample", "index", "view", "given", "suggested", "suspicion"]
    assert len(rows) == 2 * COUNT
    assert (rows["suspicion"].diff().dropna() <= 0).all()
    clean = features.splits["train"].labels["image"]
    for row in rows.to_dict("records"):
        place = row["index"]
        assert row["sample"] == IDS[len(IDS) - COUNT + place]
        assert row["given"] == NAMES[noise.labels[row["view"]][place]]
        assert row["suggested"] == NAMES[clean[place]]
        assert row["suspicion"] == suspects.suspicion[row["view"]][place]


def test_of_wrong_pairs_the_table_and_the_sheet_show_what_stands_there(tmp_path, features):
    suspects, noise = collected(tmp_path, features, source=Mismatched())
    moved = int(np.flatnonzero(noise.rows["text"] != np.arange(COUNT))[0])
    standing = len(IDS) - COUNT + int(noise.rows["text"][moved])
    (row,) = suspicion_table(suspects).query("index == @moved and view == 'text'").to_dict("records")
    assert row["sample"] == IDS[standing]
    (card,) = [card for card in most_suspicious(suspects) if card.index == moved]
    text = card.labels[1]
    assert (text.sample, text.true) == (IDS[standing], NAMES[raw().labels[standing]])
    assert f"words {standing}<" in text.picture


def test_cards_are_the_samples_with_the_most_suspicious_labels(tmp_path, features, monkeypatch):
    suspects, _ = collected(tmp_path, features)
    highest = np.maximum(suspects.suspicion["image"], suspects.suspicion["text"])
    monkeypatch.setattr(suspect_sheet, "LONGEST", 5)
    assert [card.index for card in most_suspicious(suspects)] == list(np.argsort(-highest)[:5])
    equal = replace(suspects, suspicion={"image": np.ones(COUNT), "text": np.arange(COUNT) / COUNT})
    assert [card.index for card in most_suspicious(equal)] == list(range(COUNT))[: -5 - 1 : -1]


def test_few_classes_are_all_at_hand_of_many_the_given_and_the_suggested_one_once(tmp_path, features, monkeypatch):
    suspects, noise = collected(tmp_path, features)
    assert all(card.choices == NAMES for card in most_suspicious(suspects))
    monkeypatch.setattr(suspect_sheet, "KEYS", len(NAMES) - 1)
    for card in most_suspicious(suspects):
        given = [NAMES[noise.labels[view][card.index]] for view in ("image", "text")]
        assert card.choices == list(dict.fromkeys([*given, card.suggested]))[: len(NAMES) - 1]


def test_files_are_whole_and_their_text_is_escaped(tmp_path, features):
    suspects, _ = collected(tmp_path, features)
    written, sheet = write(suspects, tmp_path / "out" / "new", "My <data>", "CE")
    assert sorted((tmp_path / "out" / "new").iterdir()) == [written, sheet]
    pd.testing.assert_frame_equal(pd.read_csv(written), suspicion_table(suspects).astype({"suspicion": float}))
    text = sheet.read_text(encoding="utf-8")
    for name in ("<b>", "<script>words", "<data>", 'dogs, "big"'):
        assert name not in text
    assert "a/40&amp;" in text
    assert text.count('<li class="card"') == COUNT
    assert f"{COUNT} training samples in all;\nall of them" in text
    assert "http" not in text.replace("http-equiv", "")


@pytest.mark.parametrize(("certain", "ends"), [(True, "text 25%."), (False, "neither the labels nor the features")])
def test_an_estimate_of_how_many_are_wrong_is_told_with_its_doubt(tmp_path, features, certain, ends):
    suspects, _ = collected(tmp_path, features, noise=LabelNoise({"image": 0.104, "text": 0.25}, certain))
    assert suspects.estimate.startswith("Estimated share of wrong labels: image 10%, text 25%")
    assert ends in suspects.estimate
    assert suspects.estimate in write(suspects, tmp_path, "data", "CE")[1].read_text(encoding="utf-8")


def test_without_an_estimate_none_is_told(tmp_path, features):
    suspects, _ = collected(tmp_path, features)
    assert suspects.estimate == ""
    assert "Estimated" not in write(suspects, tmp_path, "data", "CE")[1].read_text(encoding="utf-8")


def test_the_truth_is_on_the_sheet_where_it_is_known_alone(tmp_path, features):
    suspects, noise = collected(tmp_path, features)
    wrong = sum(int(flags.sum()) for flags in noise.wrong(features.splits["train"].labels).values())
    text = write(suspects, tmp_path, "data", "CE")[1].read_text(encoding="utf-8")
    assert text.count('<span class="true wrong">') == wrong > 0
    hidden = write(replace(suspects, true=None), tmp_path, "data", "CE")[1].read_text(encoding="utf-8")
    assert 'class="true' not in hidden
    assert 'id="truth"' not in hidden


def test_a_method_may_suggest_no_class(tmp_path, features):
    suspects, _ = collected(tmp_path, features, suggests=False)
    assert set(suspicion_table(suspects)["suggested"]) == {""}
    assert "<small>suggested" not in write(suspects, tmp_path, "data", "CE")[1].read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_written_keeps_what_it_had(tmp_path, features):
    suspects, _ = collected(tmp_path, features)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(BadInput, match=r"file: nothing can be written .*; give another folder\."):
        write(suspects, tmp_path / "file", "data", "CE")
    (tmp_path / "out" / "emoji-ce-default-symmetric-0.4-0.html.part").mkdir(parents=True)
    with pytest.raises(BadInput, match="nothing can be written"):
        write(suspects, tmp_path / "out", "data", "CE")
    assert [path.suffix for path in (tmp_path / "out").iterdir()] == [".part"]


def every_split(features, **changes):
    """The judgement of a raw dataset with a label per pair, whose features stand in the order of the splits."""
    given = replace(raw(), **changes)
    samples = pooled(features, given, "emoji")
    rng = np.random.default_rng(0)
    made = Judgement(dict.fromkeys(samples.views, rng.random(len(IDS))), samples.labels["image"], None)
    return of_every_split(CellKey("emoji", "ce", "default", None, None, 0), given, samples, made)


def test_of_every_split_the_table_has_a_row_per_pair(tmp_path, features):
    suspects = every_split(features)
    rows = suspicion_table(suspects)
    assert list(rows) == ["sample", "index", "split", "given", "suggested", "suspicion"]
    assert sorted(rows["sample"]) == sorted(IDS)
    for row in rows.to_dict("records"):
        place = row["index"]
        assert (row["sample"], row["split"]) == (IDS[place], raw().split[place])
        assert row["given"] == NAMES[raw().labels[place]]
        assert row["suspicion"] == suspects.suspicion["image"][place]
    written, sheet = write(suspects, tmp_path, "data", "CE")
    assert written.name == "emoji-ce-default-0.csv"
    assert "labels of training, validation and test samples" in sheet.read_text(encoding="utf-8")


def test_pooled_features_stand_beside_their_samples(features):
    samples = pooled(features, raw(), "emoji")
    for name, split in features.splits.items():
        for view, rows in split.views.items():
            np.testing.assert_array_equal(samples.views[view][raw().split == name], rows)
    with pytest.raises(BadInput, match="dataset 'emoji': the raw samples are not those of the features"):
        pooled(features, replace(raw(), labels=np.roll(raw().labels, 1)), "emoji")


def test_the_table_tells_who_said_what(tmp_path, features):
    votes = {"anna": raw().labels, "ben": np.full(len(IDS), -1)}
    suspects = replace(every_split(features), votes=votes)
    rows = suspicion_table(suspects)
    assert (rows["vote of anna"] == rows["given"]).all()
    assert (rows["vote of ben"] == "").all()
    (first, *_) = most_suspicious(suspects)
    assert first.votes == {"anna": NAMES[raw().labels[first.index]], "ben": ""}


def test_one_label_of_a_pair_is_as_suspicious_as_its_views_are_on_average(tmp_path, features):
    suspects, _ = collected(tmp_path, features, source=SymmetricPair())
    assert suspects.one_label
    rows = suspicion_table(suspects).sort_values("index")
    assert len(rows) == COUNT
    np.testing.assert_allclose(rows["suspicion"], (suspects.suspicion["image"] + suspects.suspicion["text"]) / 2)


def test_the_only_noise_need_not_be_named(tmp_path, features):
    settle(tmp_path, features)
    assert result(tmp_path) == result(tmp_path, noise="symmetric", rate=0.4)
    settle(tmp_path, features, rate=0.2)
    with pytest.raises(BadInput, match=r"more than one noise: symmetric 0.2, symmetric 0.4; name one by --noise and"):
        result(tmp_path)
    assert result(tmp_path, rate=0.2).key.rate == 0.2


def test_a_cell_that_is_not_there_is_named_with_those_that_are(tmp_path, features):
    settle(tmp_path, features)
    settle(tmp_path, features, seed=1)
    sentence = r"no finished cell of variant default, rate 0.3, seed 0; .* default; noise symmetric 0.4; seed 0, 1\."
    with pytest.raises(BadInput, match=sentence):
        result(tmp_path, rate=0.3)
    with pytest.raises(BadInput, match="'mrl' has no finished cells; take one of ce, or train it"):
        result(tmp_path, method="mrl")


def test_a_method_that_cannot_tell_is_named_with_those_that_can(tmp_path, features):
    settle(tmp_path, features, method="gma", tells=False)
    with pytest.raises(BadInput, match="'gma' does not tell which labels look wrong; train a method with class scores"):
        result(tmp_path, method="gma")
    settle(tmp_path, features)
    with pytest.raises(BadInput, match="'gma' does not tell which labels look wrong; take one of ce"):
        result(tmp_path, method="gma")


def test_a_cell_that_failed_says_why(tmp_path, features):
    settle(tmp_path, features)
    settle(tmp_path, features, seed=1, tells=False, status="failed")
    with pytest.raises(BadInput, match="this cell is failed: why"):
        result(tmp_path, seed=1)


def test_what_has_changed_since_the_training_is_refused(tmp_path, features):
    draw = settle(tmp_path, features)
    other = make(Symmetric(), "symmetric", "emoji", features.splits["train"].labels, tiny.CLASSES, 0.4, 1)
    with pytest.raises(BadInput, match="other features or noisy labels"):
        collect(result(tmp_path), raw(), features, *other, known=True)
    moved = replace(raw(), labels=np.roll(raw().labels, 1))
    with pytest.raises(BadInput, match="dataset 'emoji': the raw training samples are not those of the features"):
        collect(result(tmp_path), moved, features, *draw, known=True)
