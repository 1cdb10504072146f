"""Decisions by the commands: applied from the dataset's name alone, and compared once there is another run."""

from __future__ import annotations

import csv
import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result
from PIL import Image

from pipeline.config.load import load
from pipeline.core.cells import CellKey
from pipeline.core.progress import quiet
from pipeline.data.base import configured
from pipeline.data.base import store as raw_store
from pipeline.explore.decisions.decisions import COLUMNS
from tests.support import tiny
from tests.support.finished import write_cell

COUNT = 12
LOAD: dict[str, Any] = {
    "folder": "files/my_photos",
    "table": "captions.csv",
    "views": {"image": {"kind": "image", "side": 8}, "text": {"kind": "text"}},
    "clean": False,
}


def write_table(file: Path, *rows: list[str]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows(rows)


def fetch(**load_changes: Any) -> None:
    """The settings, and the dataset's raw samples as its settings describe them."""
    params = tiny.with_dataset("my_photos", {"source": "folder", "load": LOAD | load_changes, "views": tiny.EXTRACTORS})
    params["experiments"].append(params["experiments"][0] | {"name": "my_photos", "datasets": ["my_photos"]})
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    raw_store.write(configured(load(Path("params.yaml")), "my_photos").load(quiet), Path("data/raw/my_photos"))


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve pictures of two classes in turn, the last four held out; one run."""
    monkeypatch.chdir(tmp_path)
    folder = Path("files/my_photos")
    folder.mkdir(parents=True)
    rows = [["file", "text", "label", "split"]]
    for row in range(COUNT):
        Image.fromarray(np.full((8, 8, 3), 20 * row, dtype=np.uint8)).save(folder / f"photo_{row}.png")
        split = "train" if row < 8 else "test"
        rows.append([f"photo_{row}.png", f"text {row}", ("cats", "dogs")[row % 2], split])
    write_table(folder / "captions.csv", *rows)
    fetch()
    key = CellKey("my_photos", "ce", "default", "symmetric", 0.2, 0)
    write_cell(Path("data/runs/my_photos/ce"), key, {})


def call(command: str, *arguments: str) -> Result:
    return CliRunner().invoke(importlib.import_module(f"stages.tools.{command}").main, list(arguments))


def decide(*rows: list[str]) -> Result:
    write_table(Path("my_photos-decisions.csv"), list(COLUMNS), *rows)
    return call("decide", "my_photos", "my_photos-decisions.csv")


def test_decisions_become_a_table_and_the_next_step_is_said() -> None:
    original = Path("files/my_photos/captions.csv").read_bytes()
    result = decide(["my_photos", "photo_0", "cats", "wrong", "dogs", "anna"])
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == ("1 decisions, 1 labels corrected: files/my_photos/captions.decided.csv")
    assert "`table: captions.decided.csv`" in result.stdout
    assert Path("files/my_photos/captions.csv").read_bytes() == original
    assert "its labels are not the corrected ones yet" in call("gain", "my_photos").stderr
    fetch(table="captions.decided.csv")
    assert "all runs are those from before the decisions; run the experiment again" in call("gain", "my_photos").stderr


def test_a_mistake_is_one_sentence_and_writes_nothing() -> None:
    result = decide(["other", "photo_0", "cats", "wrong", "dogs", ""])
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "it is about the dataset 'other'; give decisions about 'my_photos'" in result.stderr
    assert not Path("files/my_photos/captions.decided.csv").exists()
    assert not Path("data/decided").exists()
    assert "no decisions were applied yet" in call("gain", "my_photos").stderr
    assert "did you mean 'my_photos'?" in call("gain", "my_fotos").stderr
