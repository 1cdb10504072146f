"""The features stage and the doctor say how many texts an extractor cannot read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from pipeline.core.datasets import RawView
from pipeline.data.base import store
from stages.features import main as features
from stages.tools.doctor import main as doctor
from tests.features.test_known_words import CAPTIONS
from tests.support import trained_cell

KNOWN, CODES = trained_cell.raw().views["text"].samples, [f"x{row}" for row in range(45)]


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """put(texts) fetches a dataset with pictures and these texts."""
    monkeypatch.chdir(tmp_path)
    params = trained_cell.params(trained_cell.PAIRED)
    params["datasets"]["emoji"] |= {"source": "arrays", "load": {"views": {"image": "a.npy"}, "labels": "b.npy"}}
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    raw = trained_cell.raw()

    def write(texts: list[str]) -> None:
        views = {"image": raw.views["image"], "text": RawView("text", texts)}
        store.write(replace(raw, views=views), Path("data/raw/emoji"))

    return write


def test_a_notable_share_is_told_and_features_are_made(put):
    put(CODES[:6] + KNOWN[6:36] + CODES[36:])
    sentence = "warning: emoji, view 'text': Doc2Vec knows no word of 6 of 24 training texts and 9 of 21 others ("
    result = CliRunner().invoke(features, ["emoji"])
    assert (result.exit_code, result.stderr.startswith(sentence)) == (0, True), result.output
    assert Path("data/features/emoji/meta.json").exists()
    assert sentence in CliRunner().invoke(doctor, ["emoji"]).stdout


def test_most_texts_stop_it_and_nothing_is_written(put):
    put(KNOWN[:24] + CODES[24:])
    sentence = "emoji, view 'text': Doc2Vec knows no word of 0 of 24 training texts and 21 of 21 others (it learns"
    result = CliRunner().invoke(features, ["emoji"])
    assert (result.exit_code, result.stderr.startswith(f"Error: {sentence}")) == (2, True), result.output
    assert not Path("data/features").exists()
    looked = CliRunner().invoke(doctor, ["emoji"])
    assert looked.exit_code == 2
    assert f"error: {sentence}" in looked.stdout


@pytest.mark.parametrize("texts", [KNOWN, CAPTIONS[:45]], ids=["English", "Chinese"])
def test_known_words_are_no_finding(put, texts):
    put(texts)
    result = CliRunner().invoke(features, ["emoji"])
    assert result.exit_code == 0
    assert "knows no word" not in result.stderr


def test_the_doctor_says_that_a_model_is_not_in_its_place(put):
    put(KNOWN)
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    params["extractors"]["transformers"] = {"folder": "files/nowhere", "batch_size": 1}
    params["datasets"]["emoji"]["views"]["text"] = "transformers"
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    looked = CliRunner().invoke(doctor, ["emoji"])
    assert looked.exit_code == 2
    assert looked.stdout.startswith("error: files/nowhere: there is no model: config.json is missing; save model")
