"""The commands that search with a trained cell and take it away."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from tests.support.trained_cell import RUN, made, raw

QUERY = "cat purr milk"


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made(tmp_path)


@pytest.fixture
def pictures() -> Path:
    folder = Path("pictures")
    folder.mkdir()
    for row in range(6):
        Image.fromarray(np.asarray(raw().views["image"].samples)[row]).save(folder / f"{row}.png")
    return folder


def call(command: str, *arguments: str) -> Result:
    return CliRunner().invoke(importlib.import_module(f"stages.tools.{command}").main, list(arguments))


def actual(*arguments: str) -> str:
    result = call("search", *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(command: str, *arguments: str) -> str:
    result = call(command, *arguments)
    assert result.exit_code == 2, result.output
    assert result.stderr.count("Error: ") == 1
    return result.stderr


def test_the_test_split_is_searched_where_no_gallery_is_named() -> None:
    lines = actual("--run", str(RUN), "--query", QUERY, "-k", "3").splitlines()
    assert len(lines) == 4
    assert all(line.split()[2].startswith("id") for line in lines[1:])


def test_run_bundle_and_stored_gallery_print_the_same_table(pictures: Path) -> None:
    searched = ("--query", QUERY, "--gallery", str(pictures), "-k", "6")
    first = actual("--run", str(RUN), *searched, "--save-gallery", "kept.npz", "--html", "found.html")
    assert call("export", "--run", str(RUN), "--out", "bundle").exit_code == 0
    assert actual("--bundle", "bundle", *searched) == first
    assert actual("--bundle", "bundle", "--query", QUERY, "--gallery", "kept.npz", "-k", "6") == first
    assert "pictures/0.png" in Path("found.html").read_text(encoding="utf-8")


def test_settings_that_have_changed_since_training_are_refused(tmp_path: Path) -> None:
    settings = tmp_path / "params.yaml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("epochs: 10\n", "epochs: 2\n"), encoding="utf-8")
    assert "does not give the embeddings of this run" in refused("search", "--run", str(RUN), "--query", QUERY)
    assert "does not give the embeddings of this run" in refused("export", "--run", str(RUN), "--out", "bundle")


def test_mistakes_are_one_sentence(pictures: Path) -> None:
    assert call("export", "--run", str(RUN), "--out", "bundle").exit_code == 0
    assert "one of the two is needed" in refused("search", "--query", QUERY)
    assert "one of the two is needed" in refused("search", "--query", QUERY, "--run", str(RUN), "--bundle", "b")
    assert "no folder of a finished cell" in refused("search", "--query", QUERY, "--run", "data/runs/none")
    assert "no whole bundle" in refused("search", "--query", QUERY, "--bundle", "none")
    assert "there is no such file" in refused("search", "--query", "none.png", "--run", str(RUN))
    unwritable = ("--query", "none.png", "--run", str(RUN), "--save-gallery")
    assert "does not end in .npz" in refused("search", *unwritable, "kept.np")
    assert "it cannot be written" in refused("search", *unwritable, "params.yaml/kept.npz")
    assert "'--query'" in refused("search", "--run", str(RUN))
    assert "did you mean 'text'" in refused("search", "--query", QUERY, "--run", str(RUN), "--view", "texd")
    assert "no folder of a finished cell" in refused("export", "--run", "data/runs/none", "--out", "bundle")
    assert "no folder of a finished cell" in refused("export", "--run", "bundle", "--out", "other")
    assert "it is there already" in refused("export", "--run", str(RUN), "--out", str(pictures))


@pytest.mark.parametrize("command", ["search", "export"])
def test_help_gives_an_example(command: str) -> None:
    assert f"Example: python -m stages.tools.{command} --run data/runs/" in " ".join(
        call(command, "--help").output.split()
    )
