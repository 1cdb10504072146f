"""From a trained cell to a sheet of suspicious labels, by the commands."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner, Result

from pipeline.core.datasets import RawDataset, RawView
from pipeline.data.base import store as rawstore
from tests.support import tiny

pytestmark = pytest.mark.usefixtures("one_process")
OUT = Path("build/suspects")


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")


def trained(**changes: Any) -> None:
    """Raw samples, features, noise and the cells of ce, as the grid of tiny.params() with changes gives them."""
    params = tiny.experiment(methods={"ce": ["default"]}, **changes)
    params["noises"]["given"] = {}
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    _, labels, split = tiny.arrays()
    count = len(labels)
    views = {
        "image": RawView("image", np.zeros((count, 8, 8, 3), dtype=np.uint8)),
        "text": RawView("text", [f"words {row}" for row in range(count)]),
    }
    ids = [f"id-{row}" for row in range(count)]
    rawstore.write(RawDataset(ids, views, labels, split, ids, list("abc")), Path("data/raw/emoji"))
    tiny.store(Path("data/features/emoji"))
    for command, arguments in (("plan", ["emoji"]), ("noise", ["emoji"]), ("train", ["emoji", "ce"])):
        assert call(command, *arguments).exit_code == 0


def call(command: str, *arguments: str) -> Result:
    return CliRunner().invoke(importlib.import_module(f"stages.{command}").main, list(arguments))


def refused(*arguments: str) -> str:
    result = call("tools.suspects", *arguments)
    assert result.exit_code == 2, result.output
    assert len(result.stderr.splitlines()) == 1
    assert not OUT.exists()
    return result.stderr


def test_a_table_and_a_sheet_of_a_trained_cell() -> None:
    trained()
    result = call("tools.suspects", "--dataset", "emoji", "--method", "ce")
    assert result.exit_code == 0, result.output
    name = "emoji-ce-default-symmetric-0.2-0"
    assert result.stdout.splitlines()[0] == f"Table: build/suspects/{name}.csv"
    rows = pd.read_csv(OUT / f"{name}.csv")
    noise = json.loads(Path("reports/records/noise/emoji.json").read_text())[0]
    for view, matrix in noise["transition"].items():
        given = rows[rows["view"] == view]["given"].value_counts()
        assert [int(given[c]) for c in "abc"] == np.sum(matrix, axis=0).tolist()
    assert set(rows["sample"]) == {f"id-{row}" for row in range(tiny.SIZES["train"])}
    assert rows["suspicion"].between(0, 1).all()
    assert 'id="truth"' in (OUT / f"{name}.html").read_text(encoding="utf-8")


def test_labels_as_they_were_given() -> None:
    trained(noises=["given"], rates=[0.0])
    sentence = refused("--dataset", "emoji", "--method", "ce", "--noise", "symmetric")
    assert "there is no finished cell of variant default, noise symmetric, seed 0; there are" in sentence
    result = call("tools.suspects", "--dataset", "emoji", "--method", "ce", "--noise", "given")
    assert result.exit_code == 0, result.output
    assert "labels as they were given" in (OUT / "emoji-ce-default-given-0.0-0.html").read_text(encoding="utf-8")


def test_a_name_alone_judges_every_split_where_no_label_is_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    trained()
    monkeypatch.setattr("pipeline.data.emoji.Emoji.clean", False, raising=False)
    result = call("tools.suspects", "emoji", "--method", "ce")
    assert result.exit_code == 0, result.output
    rows = pd.read_csv(OUT / "emoji-ce-default-0.csv")
    assert rows["split"].value_counts().to_dict() == tiny.SIZES
    assert 'id="truth"' not in (OUT / "emoji-ce-default-0.html").read_text(encoding="utf-8")
    assert Path("data/judged/emoji/ce-default-0.npz").is_file()
    monkeypatch.undo()


def test_every_split_can_be_asked_for_and_the_cell_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    trained()
    result = call("tools.suspects", "emoji", "--method", "ce", "--every-split")
    assert len(pd.read_csv(OUT / "emoji-ce-default-0.csv")) == sum(tiny.SIZES.values()), result.output
    monkeypatch.setattr("pipeline.data.emoji.Emoji.clean", False, raising=False)
    result = call("tools.suspects", "--dataset", "emoji", "--method", "ce", "--noise", "symmetric")
    assert (OUT / "emoji-ce-default-symmetric-0.2-0.csv").is_file(), result.output


def test_mistakes_are_one_sentence() -> None:
    assert "run the command in the project's root folder" in refused("--dataset", "emoji", "--method", "ce")
    Path("params.yaml").write_text(yaml.safe_dump(tiny.params()), encoding="utf-8")
    assert "did you mean 'emoji'?" in refused("--dataset", "emojy", "--method", "ce")
    assert "did you mean 'ce'?" in refused("--dataset", "emoji", "--method", "cee")
    assert "there are no finished cells; run `dvc repro`" in refused("--dataset", "emoji", "--method", "ce")
    assert "suspects: one dataset is needed" in refused("--method", "ce")
    assert "suspects: one dataset is needed" in refused("emoji", "--dataset", "mnist3d")
    assert "leave out one of the two" in refused("emoji", "--method", "ce", "--every-split", "--rate", "0.2")


def test_the_help_has_an_example() -> None:
    assert "Example: python -m stages.tools.suspects" in call("tools.suspects", "--help").stdout


def test_without_a_seed_it_is_the_experiments_first() -> None:
    trained(seeds=[3, 0])
    result = call("tools.suspects", "--dataset", "emoji", "--method", "ce")
    assert result.exit_code == 0, result.output
    assert (OUT / "emoji-ce-default-symmetric-0.2-3.csv").is_file()
