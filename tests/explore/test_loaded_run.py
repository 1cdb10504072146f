"""A run that is read again makes the features that it was trained on."""

import json

import numpy as np
import pytest

from pipeline.core.errors import BadInput, UnknownName
from pipeline.explore.search.loaded_run import model_file, of_run
from pipeline.features.base import store as featurestore
from tests.support.trained_cell import CPU, PAIRED, RUN, SOLID, made, trained


@pytest.mark.parametrize("views", [PAIRED, SOLID, {"image": "pixels", "text": "lda"}])
def test_features_are_those_of_the_features_stage(tmp_path, views):
    cell = trained(tmp_path, views)
    stored = featurestore.read(tmp_path / "data/features/emoji").splits["test"].views
    rows = np.flatnonzero(cell.raw.split == "test")
    embedded = np.load(tmp_path / RUN / "best_validation.npz")
    for view in views:
        samples = [cell.raw.views[view].samples[row] for row in rows]
        samples = samples if view == "text" else np.stack(samples)
        np.testing.assert_array_equal(cell.features(view, samples, lambda done, total: None), stored[view])
        np.testing.assert_array_equal(cell.embed(view, samples, lambda done, total: None), embedded[view])


def test_an_extractor_is_fitted_once_and_only_when_it_is_needed(tmp_path):
    cell = trained(tmp_path)
    assert cell.fitted("text") is cell.fitted("text")
    assert not hasattr(cell.fitted("image"), "model_")


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"status": "done", "key": {"seed": 1}}, "the cell of seed 1 keeps no model; choose the one of seed 0"),
        ({"status": "skipped", "reason": "needs two views", "key": {"seed": 0}}, "was skipped: needs two views"),
        ({"status": "failed", "reason": "diverged", "key": {"seed": 0}}, "was failed: diverged"),
        ({"status": "done", "key": {"seed": 0}}, "the cell keeps no model"),
        ({"status": "done"}, "no folder of a finished cell"),
        ([], "no folder of a finished cell"),
    ],
)
def test_a_cell_without_a_model_says_why(tmp_path, told, sentence):
    (tmp_path / "result.json").write_text(json.dumps({"reason": "", "fingerprint": "f00d"} | told if told else told))
    with pytest.raises(BadInput, match=sentence):
        model_file(tmp_path)


@pytest.mark.parametrize("changed", [{"epochs": 2}, {"dimension": 7}])
def test_settings_that_have_changed_since_training_are_refused(tmp_path, changed):
    given = made(tmp_path)
    given["extractors"]["doc2vec"] |= changed
    cell = of_run(given, tmp_path / RUN, tmp_path / "data/raw", 0, CPU)
    cell.fitted("image")
    with pytest.raises(BadInput, match=r"view 'text' as params.yaml .* not give|the method was fitted on n x 6"):
        cell.fitted("text")


def test_a_model_without_embeddings_is_refused(tmp_path):
    given = made(tmp_path)
    (tmp_path / RUN / "best_validation.npz").unlink()
    with pytest.raises(BadInput, match="there are no embeddings beside the model; name one below data/runs"):
        of_run(given, tmp_path / RUN, tmp_path / "data/raw", 0, CPU)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadInput, match="nowhere: this is no folder of a finished cell; name one below data/runs"):
        model_file(tmp_path / "nowhere")


def test_a_view_that_the_raw_samples_lack_is_named(tmp_path):
    given = made(tmp_path)
    given["datasets"]["emoji"]["views"] = {"image": "pixels", "sound": "pixels"}
    with pytest.raises(UnknownName, match="sound"):
        of_run(given, tmp_path / RUN, tmp_path / "data/raw", 0, CPU)
