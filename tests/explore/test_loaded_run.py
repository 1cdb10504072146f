"""A run that is read again makes the features that it was trained on."""

import numpy as np
import pytest

from pipeline.config.load import parse
from pipeline.core.cells import CellKey
from pipeline.core.errors import BadInput, UnknownName
from pipeline.core.progress import quiet
from pipeline.explore.search.loaded_run import load_run, model_file
from pipeline.features.base import store as featurestore
from pipeline.runs.finished_cell import FinishedCell
from pipeline.runs.plan import prepare, resolve
from pipeline.runs.pool import train_cell
from pipeline.runs.store import CellStore
from tests.support import paired
from tests.support.trained_cell import CPU, PAIRED, RUN, SOLID, loaded, made


@pytest.mark.parametrize("views", [PAIRED, SOLID, {"image": "pixels", "text": "lda"}])
def test_features_are_those_of_the_features_stage(tmp_path, views):
    cell = loaded(tmp_path, views)
    stored = featurestore.read(tmp_path / "data/features/emoji").splits["test"].views
    rows = np.flatnonzero(cell.raw.split == "test")
    embedded = np.load(tmp_path / RUN / "best_validation.npz")
    for view in views:
        samples = [cell.raw.views[view].samples[row] for row in rows]
        samples = samples if view == "text" else np.stack(samples)
        np.testing.assert_array_equal(cell.features(view, samples, lambda done, total: None), stored[view])
        np.testing.assert_array_equal(cell.embed(view, samples, lambda done, total: None), embedded[view])


def test_an_extractor_is_fitted_once_and_only_when_it_is_needed(tmp_path):
    cell = loaded(tmp_path)
    assert cell.extractor("text") is cell.extractor("text")
    assert not hasattr(cell.extractor("image"), "model_")


@pytest.mark.parametrize(
    ("status", "reason", "seed", "sentence"),
    [
        ("done", "", 1, "the cell of seed 1 keeps no model; choose the one of the experiment's first seed, or train"),
        ("skipped", "needs two views", 0, "was skipped: needs two views; choose another cell"),
        ("failed", "diverged", 0, "was failed: diverged"),
    ],
)
def test_a_cell_without_a_model_says_why(tmp_path, status, reason, seed, sentence):
    key = CellKey("emoji", "ce", "default", "symmetric", 0.4, seed)
    cell = FinishedCell(tmp_path, key, status, reason, "c0de", "f00d", "f", "l", [], None)
    with pytest.raises(BadInput, match=sentence):
        model_file(cell)


@pytest.mark.parametrize("changed", [{"epochs": 2}, {"dimension": 7}])
def test_settings_that_have_changed_since_training_are_refused(tmp_path, changed):
    given = made(tmp_path)
    given["extractors"]["doc2vec"] |= changed
    cell = load_run(parse(given), FinishedCell.read(tmp_path / RUN), tmp_path / "data/raw", CPU)
    cell.extractor("image")
    with pytest.raises(BadInput, match=r"view 'text' as params.yaml .* not give|the method was fitted on n x 6"):
        cell.extractor("text")


def test_a_model_without_embeddings_is_refused(tmp_path):
    given = made(tmp_path)
    (tmp_path / RUN / "best_validation.npz").unlink()
    with pytest.raises(BadInput, match="there are no embeddings beside the model; run `dvc repro`"):
        load_run(parse(given), FinishedCell.read(tmp_path / RUN), tmp_path / "data/raw", CPU)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadInput, match="nowhere: this is no folder of a finished cell; name one below data/runs"):
        FinishedCell.read(tmp_path / "nowhere")


def test_a_view_that_the_raw_samples_lack_is_named(tmp_path):
    given = made(tmp_path)
    given["datasets"]["emoji"]["views"] = {"image": "pixels", "sound": "pixels"}
    with pytest.raises(UnknownName, match="sound"):
        load_run(parse(given), FinishedCell.read(tmp_path / RUN), tmp_path / "data/raw", CPU)


@pytest.mark.parametrize("method", ["dcca", "dccae", "lc_only"])
def test_the_model_of_a_label_free_network_is_its_best_epoch_not_its_last(tmp_path, method):
    """It was once the last epoch, which search and export then refused as another run's."""
    given = made(tmp_path)
    settings = paired.settings(method, epochs=30, batch_size=24, learning_rate=0.03)
    given["methods"][method] = {"default": settings}
    given["experiments"][0]["methods"] = [method]
    project = parse(given)
    features = featurestore.read(tmp_path / "data/features/emoji")
    [cell] = prepare(resolve(project, "emoji", method), features, draws=None)
    store = CellStore(tmp_path / ".cells")
    train_cell(cell, features, None, store, CPU)
    run = store.read(cell.fingerprint)
    best, last = (run.embeddings(criterion)["text"] for criterion in ("best_validation", "last_epoch"))
    assert np.abs(best - last).max() > 0.01 * np.abs(best).max()
    again = load_run(project, run, tmp_path / "data/raw", CPU)
    rows = np.flatnonzero(again.raw.split == "test")
    texts = [again.raw.views["text"].samples[row] for row in rows]
    np.testing.assert_allclose(again.embed("text", texts, quiet), best, rtol=1e-5, atol=1e-6)
