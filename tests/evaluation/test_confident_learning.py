"""The baseline of telling wrong labels."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from joblib import parallel_config
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from pipeline.evaluation.confident_learning import DIMENSIONS, components, detected, suspicion
from pipeline.evaluation.probe import INVERSE_PENALTY
from pipeline.noise.base import make
from pipeline.noise.base import store as noise_store
from pipeline.noise.mismatched import Mismatched
from pipeline.noise.symmetric import Symmetric
from pipeline.records.suspicion import CONFIDENT_LEARNING
from stages.confident_learning import main
from tests.support import tiny

CLASSES = 3
CLEAN = np.arange(120) % CLASSES
CLEAR = 4 * np.eye(CLASSES)[CLEAN] + np.random.default_rng(0).standard_normal((120, CLASSES))


def rng():
    return np.random.default_rng(7)


def noisy(source, rate=0.3, views=("image", "text")):
    clean = dict.fromkeys(views, CLEAN)
    return clean, *make(source, "kind", "data", clean, CLASSES, rate, 0)


def test_suspicion_is_the_margin_in_predictions_of_unseen_samples():
    labels = np.where(rng().random(120) < 0.2, 0, CLEAN)
    expected = np.empty(120)
    folds = StratifiedKFold(5, shuffle=True, random_state=int(rng().integers(2**32)))
    for learned, held_out in folds.split(CLEAR, labels):
        model = LogisticRegression(C=INVERSE_PENALTY, max_iter=2000).fit(CLEAR[learned], labels[learned])
        for row in held_out:
            p = model.predict_proba(CLEAR[row : row + 1])[0]
            given, best_other = p[labels[row]], max(p[k] for k in range(CLASSES) if k != labels[row])
            expected[row] = 1 - (given - best_other + 1) / 2
    np.testing.assert_allclose(suspicion(CLEAR, labels, rng())[0], expected, rtol=1e-9)


def test_a_class_that_no_label_names_changes_nothing():
    labels = np.where(CLEAN == 1, 0, CLEAN)
    np.testing.assert_equal(suspicion(CLEAR, labels, rng()), suspicion(CLEAR, labels // 2, rng()))


def test_a_class_of_one_sample_is_no_obstacle():
    labels = CLEAN % 2
    labels[0] = 2
    actual, _ = suspicion(CLEAR, labels, rng())
    assert ((actual >= 0) & (actual <= 1)).all()


@pytest.mark.parametrize("labels", [[0, 0, 0, 0], [0, 0, 0, 1], [0, 1, 2, 3]])
def test_without_two_classes_of_two_samples_nothing_is_told(labels):
    assert suspicion(CLEAR[:4], np.array(labels), rng()) is None


def test_components_are_few_and_blind_to_scale():
    wide = rng().standard_normal((150, 130))
    assert components(wide).shape == (150, DIMENSIONS)
    assert components(CLEAR).shape == CLEAR.shape
    scaled = components(CLEAR * [1, 1000, 0.001])
    np.testing.assert_allclose(np.abs(scaled), np.abs(components(CLEAR)), atol=1e-9)


def test_wrong_labels_are_told_in_every_view_and_the_same_twice():
    clean, noise, receipt = noisy(Symmetric())
    views = {"image": CLEAR, "text": CLEAR[:, :1]}
    rows = detected(views, clean, noise, receipt)
    assert [row["view"] for row in rows] == ["image", "text"]
    assert rows[0]["auc"] > 0.97
    assert rows[0]["precision"] > rows[1]["precision"]
    assert rows[0]["wrong"] == np.mean(noise.labels["image"] != CLEAN)
    assert rows[0]["estimate"] == pytest.approx(rows[0]["wrong"], abs=0.05)
    assert rows == detected(views, clean, noise, receipt)
    assert set(rows[0]) == {column.name for column in CONFIDENT_LEARNING.columns} - {"certain"}


def test_of_wrong_pairs_the_moved_view_is_told():
    clean, noise, receipt = noisy(Mismatched())
    (row,) = detected({"image": CLEAR, "text": CLEAR}, clean, noise, receipt)
    assert row["view"] == "text"
    assert row["auc"] > 0.97


def run_stage(tmp_path, monkeypatch, **load):
    monkeypatch.chdir(tmp_path)
    params = tiny.params()
    if load:
        params["datasets"]["emoji"] |= {"source": "arrays", "load": load}
    Path("params.yaml").write_text(yaml.safe_dump(params))
    with parallel_config(backend="sequential"):
        return CliRunner().invoke(main, ["emoji"])


def test_the_stage_goes_through_all_draws(tmp_path, monkeypatch):
    train = tiny.features(tmp_path / "data/features/emoji").splits["train"]
    folder = tmp_path / "data/noise/emoji"
    folder.mkdir(parents=True)
    for seed in (1, 0):
        draw = make(Symmetric(), "symmetric", "emoji", train.labels, tiny.CLASSES, 0.4, seed)
        noise_store.write(*draw, folder / noise_store.file_name("symmetric", 0.4, seed))
    assert run_stage(tmp_path, monkeypatch).exit_code == 0
    rows = CONFIDENT_LEARNING.read(Path("reports/records"), "emoji")
    assert set(rows["method"]) == {"confident_learning"}
    assert rows[["noise", "rate", "seed", "view"]].to_numpy().tolist() == [
        ["symmetric", 0.4, seed, view] for seed in (0, 1) for view in ("image", "text")
    ]
    assert rows[["auc", "precision"]].to_numpy().min() >= 0


def test_without_noise_the_stage_says_so(tmp_path, monkeypatch):
    tiny.store(tmp_path / "data/features/emoji")
    result = run_stage(tmp_path, monkeypatch)
    assert result.exit_code == 2
    assert "data/noise/emoji: there are no noisy labels; run `dvc repro` to draw them." in result.stderr


def test_where_true_labels_are_not_known_the_record_has_no_rows(tmp_path, monkeypatch):
    tiny.store(tmp_path / "data/features/emoji")
    places = {"views": {"image": "x.npy", "text": "y.npy"}, "labels": "z.npy"}
    assert run_stage(tmp_path, monkeypatch, **places, clean=False).exit_code == 0
    assert CONFIDENT_LEARNING.file(Path("reports/records"), "emoji").is_file()
    assert CONFIDENT_LEARNING.read(Path("reports/records"), "emoji").empty
