"""Given noise: a user's labels found by sample, and one sentence for every file that cannot be meant."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.core.datasets import RawDataset
from pipeline.core.errors import BadInput, BadParams, MissingFiles, UnknownName
from pipeline.data.base import store
from pipeline.noise.base import make
from pipeline.noise.given import Given

NAMES = ["ant", "cat", "dog"]
SPLIT = ["train", "test", "train", "valid", "train", "train"] * 5
TRUE = np.arange(30) % 3
TRAINING = np.flatnonzero(np.array(SPLIT) == "train")
NOISY = np.where(TRUE == 1, 2, TRUE)
FETCHED = Path("data/raw/mine")


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    """A fetched dataset in the pipeline's layout and labels as users have them."""
    monkeypatch.chdir(tmp_path)
    fetch(NAMES)
    names = np.array(NAMES)[NOISY]
    np.savez("n.npz", all=names, train=names[TRAINING], numbers=NOISY, short=names[:-1])
    write_table(names)


def fetch(class_names):
    ids = [f"p/{row}" for row in range(30)]
    store.write(RawDataset(ids, {}, TRUE, np.array(SPLIT), ids, class_names), FETCHED)


def write_table(names):
    rows = [f"p/{row}.jpg,{name},ant" for row, name in enumerate(names)]
    Path("n.csv").write_text("\n".join(["file,noisy,other", *reversed(rows)]) + "\n")


def draw(labels=None, rate=0.0, seed=0, fetched=FETCHED, classes=3, **settings):
    true = dict.fromkeys(("image", "text"), TRUE[TRAINING])
    noise = Given(fetched, labels, **settings)
    return make(noise, "given", "mine", true, classes, rate, seed)


@pytest.mark.parametrize("place", ["n.npz:all", "n.npz:train", "n.csv:noisy"])
def test_labels_follow_their_samples_and_the_receipt_counts(place):
    corruption, receipt = draw(place)
    for view in ("image", "text"):
        np.testing.assert_array_equal(corruption.labels[view], NOISY[TRAINING])
        assert corruption.labels[view].dtype == np.int64
        assert receipt.realised[view] == np.mean(NOISY[TRAINING] != TRUE[TRAINING]) > 0
    assert receipt.per_pair
    assert not np.shares_memory(*corruption.labels.values())
    assert draw(place, seed=1)[1].hash == receipt.hash


def test_every_view_may_have_its_own():
    corruption, receipt = draw({"image": "n.csv:noisy", "text": "n.csv:other"})
    np.testing.assert_array_equal(corruption.labels["image"], NOISY[TRAINING])
    assert not corruption.labels["text"].any()
    assert not receipt.per_pair


def test_without_files_the_datasets_own_labels_are_taken():
    corruption, receipt = draw()
    np.testing.assert_array_equal(corruption.labels["text"], TRUE[TRAINING])
    assert receipt.realised == {"image": 0.0, "text": 0.0}


def test_numbers_are_names_of_classes():
    fetch(["0", "1", "2"])
    np.testing.assert_array_equal(draw("n.npz:numbers")[0].labels["image"], NOISY[TRAINING])


def test_labels_of_other_splits_play_no_part():
    names = np.where(np.array(SPLIT) == "train", np.array(NAMES)[NOISY], "")
    write_table(names)
    np.testing.assert_array_equal(draw("n.csv:noisy")[0].labels["image"], NOISY[TRAINING])


def test_a_rate_is_refused():
    with pytest.raises(
        BadParams, match=r"experiments: there is no rate 0\.2: the labels are as given; set it to \[0\.0\]"
    ):
        draw("n.npz:all", rate=0.2)


@pytest.mark.parametrize(
    ("settings", "kind", "complaint"),
    [
        ({"labels": "n.npz:short"}, BadInput, "it has 29 labels for 30 samples, 20 of them for training; give one per"),
        ({"labels": "n.npz:numbers"}, UnknownName, r"n\.npz:numbers, training sample 0 \('p/0'\): unknown name '0'"),
        ({"labels": "none.npz:all"}, MissingFiles, r"none\.npz: the file is missing"),
        ({"labels": "none.csv:noisy"}, MissingFiles, r"none\.csv: the table is missing"),
        ({"labels": "n.csv:nosy"}, UnknownName, r"n\.csv, columns: unknown name 'nosy'; did you mean 'noisy'"),
        ({"labels": "n.csv:noisy", "file_column": "path"}, UnknownName, "unknown name 'path'"),
        ({"labels": {"image": "n.csv:noisy"}}, BadParams, "view 'text' has no labels; name a file for every view"),
        ({"labels": {"image": "n.csv:noisy", "txt": "n.csv:noisy"}}, UnknownName, "'txt'; did you mean 'text'"),
        ({"labels": "n.csv:noisy", "fetched": Path("data/raw/none")}, MissingFiles, "no dataset was fetched there"),
        ({"labels": "n.csv:noisy", "classes": 4}, BadInput, "it has 20 training samples of 3 classes, the features"),
    ],
)
def test_faults_are_one_sentence(settings, kind, complaint):
    with pytest.raises(kind, match=complaint):
        draw(**settings)


def test_a_training_sample_without_a_label_is_named():
    write_table(np.where(np.arange(30) == 4, "", np.array(NAMES)[NOISY]))
    with pytest.raises(BadInput, match=r"n\.csv, line 27: the column 'noisy' is empty"):
        draw("n.csv:noisy")
    text = Path("n.csv").read_text()
    Path("n.csv").write_text(text.replace("p/4.jpg", "p/99.jpg"))
    with pytest.raises(BadInput, match=r"n\.csv: there is no row for the training sample 'p/4'; add it"):
        draw("n.csv:noisy")


def test_a_table_with_two_rows_of_one_sample_is_refused():
    """As of three annotators, of whom the last would win."""
    with Path("n.csv").open("a") as file:
        file.write("./p/4.png,ant,ant\n")
    with pytest.raises(BadInput, match=r"n\.csv, line 32: 'p/4' is also in n\.csv, line 27; keep one row per sample"):
        draw("n.csv:noisy")


def test_a_fault_of_the_settings_is_named_where_the_dataset_has_them():
    with pytest.raises(BadParams, match=r"params\.yaml, datasets\.mine\.noises\.given\.labels: view 'text' has no"):
        draw({"image": "n.csv:noisy"})
