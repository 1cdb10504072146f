"""A block of params.yaml becomes a dataset, under its own name or read by another file."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from pipeline.config.load import parse
from pipeline.core.datasets import RawDataset, RawView
from pipeline.core.errors import UnknownName
from pipeline.data.base import configured
from pipeline.data.base import store as rawstore
from pipeline.data.emoji import Emoji
from pipeline.data.folder import Folder
from stages.features import main as features
from tests.support import tiny

VIEWS = {"views": {"image": "pixels", "text": "doc2vec"}}
DATASETS = {
    "emoji": {"load": {"seed": 0}, **VIEWS},
    "mine": {"source": "folder", "load": {"folder": "files/mine", "clean": False}, **VIEWS},
    "named": {"source": "folder", "display": "My photos", "load": {"folder": "files/mine"}, **VIEWS},
    "wrong": {"source": "folder", "load": {"folders": "files/mine"}, **VIEWS},
    "lost": {"source": "folders", "load": {}, **VIEWS},
}


def dataset(name):
    return configured(parse(tiny.params() | {"datasets": DATASETS}), name)


def test_source_and_display():
    emoji, mine, named = (dataset(name) for name in ("emoji", "mine", "named"))
    assert isinstance(emoji, Emoji)
    assert isinstance(mine, Folder)
    assert [each.display for each in (emoji, mine, named)] == ["Emoji", "mine", "My photos"]
    assert [each.clean for each in (emoji, mine, named)] == [True, False, True]
    assert Folder.display != "My photos"


def test_wrong_settings_and_sources_are_named():
    with pytest.raises(UnknownName, match=r"datasets\.wrong\.load: unknown name 'folders'; did you mean 'folder'\?"):
        dataset("wrong")
    with pytest.raises(UnknownName, match=r"data: unknown name 'folders'; did you mean 'folder'\?"):
        dataset("lost")


def test_an_extractor_for_a_view_that_the_dataset_lacks_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    block = DATASETS["mine"] | {"views": {"picture": "pixels"}}
    params = tiny.experiment(datasets=["mine"]) | {"datasets": {"mine": block}}
    Path("params.yaml").write_text(yaml.safe_dump(params))
    views = {"pictures": RawView("image", np.zeros((2, 4, 4), dtype=np.uint8)), "text": RawView("text", ["a", "b"])}
    split = np.array(["train", "test"])
    rawstore.write(
        RawDataset(["a", "b"], views, np.array([0, 1]), split, ["a", "b"], ["x", "y"]), Path("data/raw/mine")
    )
    result = CliRunner().invoke(features, ["mine"])
    assert result.exit_code == 2
    assert "datasets.mine.views: unknown name 'picture'; did you mean 'pictures'?" in result.stderr
