"""A new user's way: pictures and a table in a folder, a block in params.yaml, and a page, without any code."""

from __future__ import annotations

import csv
import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from PIL import Image

from pipeline.data.emoji import Emoji

pytestmark = pytest.mark.usefixtures("one_process")
ROOT = Path(__file__).parents[2]
GROUPS, EACH = ("Animals & Nature", "Food & Drink", "Travel & Places"), 20
VIEWS = {"image": {"kind": "image", "side": 8}, "text": {"kind": "text"}}
LOAD = {"folder": "files/my_photos", "table": "captions.csv", "views": VIEWS}


def bring(folder: Path) -> None:
    """60 emoji under names of their own, with captions, classes and what a careless annotator took the classes for."""
    emoji = Emoji(seed=0).load(lambda done, total: None)
    folder.mkdir(parents=True)
    rows = [["file", "text", "label", "annotator"]]
    for group in GROUPS:
        for row in np.flatnonzero(emoji.labels == list(emoji.class_names).index(group))[:EACH]:
            name = f"photo_{len(rows):03d}.png"
            Image.fromarray(emoji.views["image"].samples[row]).save(folder / name)
            guess = GROUPS[0] if len(rows) % 4 == 0 else group
            rows.append([name, f"a picture of {emoji.views['text'].samples[row]}", group, guess])
    with (folder / "captions.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def settle(load: dict[str, Any], noise: dict[str, Any]) -> None:
    """A dataset and an experiment as docs/own_data.md says, first in the file."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["datasets"]["my_photos"] = {
        "source": "folder",
        "display": "My photos",
        "load": load,
        "views": {"image": "pixels", "text": {"doc2vec": {"dimension": 20, "epochs": 5}}},
        "noises": {"given": noise},
    }
    experiment = {"name": "my_photos", "datasets": ["my_photos"], "methods": ["mcca", "ce"]}
    params["experiments"] = [experiment | {"noises": ["given"], "rates": [0.0], "seeds": [0]}]
    params["report"] = {}
    params["methods"]["ce"]["default"]["epochs"] = 2
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")


def run(stage: str, *arguments: str) -> None:
    result = CliRunner().invoke(importlib.import_module(f"stages.{stage}").main, list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output


def test_from_a_folder_to_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    bring(Path("files/my_photos"))
    settle(LOAD, {"labels": "files/my_photos/captions.csv:annotator"})
    for stage in ("fetch", "examine", "features", "probe", "plan", "noise"):
        run(stage, "my_photos")
    for stage in ("train", "evaluate"):
        run(stage, "my_photos")
    run("report")

    record = json.loads(Path("reports/records/datasets/my_photos.json").read_text(encoding="utf-8"))
    assert record["display"] == "My photos"
    assert record["clean"] is True
    assert record["classes"] == sorted(GROUPS)
    assert sum(record["sizes"].values()) == len(GROUPS) * EACH
    receipt = json.loads(Path("reports/records/noise/my_photos.json").read_text(encoding="utf-8"))[0]
    counts = receipt["transition"]["image"]
    assert np.sum(counts) == record["sizes"]["train"]
    assert receipt["realised"]["text"] == 1 - np.trace(counts) / np.sum(counts) > 0
    assert "My photos" in Path("reports/index.html").read_text(encoding="utf-8")
    scores = json.loads(Path("reports/metrics.json").read_text(encoding="utf-8"))
    assert {"MCCA", "CE"} <= set(scores["my_photos"]["given"])

    settle({**LOAD, "clean": False}, {})
    for stage in ("fetch", "features", "plan", "noise"):
        run(stage, "my_photos")
    assert json.loads(Path("reports/records/datasets/my_photos.json").read_text(encoding="utf-8"))["clean"] is False
