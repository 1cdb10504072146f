"""Where a dataset was computed, as commands find it from the project's root."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.core.errors import BadInput
from pipeline.runs.dataset_home import dataset_home, own_projects

RAW, BUILD = Path("data/raw"), Path("build")


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def compute(folder: Path, dataset: str) -> None:
    (folder / RAW / dataset).mkdir(parents=True)
    (folder / "params.yaml").touch()


def test_what_was_computed_nowhere_is_at_home_in_the_root() -> None:
    assert dataset_home("mine", RAW, BUILD) == Path()
    compute(BUILD / "other", "other")
    assert dataset_home("mine", RAW, BUILD) == Path()


def test_the_root_goes_before_the_own_project_and_that_before_others() -> None:
    compute(BUILD / "first", "mine")
    assert dataset_home("mine", RAW, BUILD) == BUILD / "first"
    compute(BUILD / "second", "mine")
    with pytest.raises(BadInput, match=r"build/first, build/second"):
        dataset_home("mine", RAW, BUILD)
    compute(BUILD / "mine", "mine")
    assert dataset_home("mine", RAW, BUILD) == BUILD / "mine"
    compute(Path(), "mine")
    assert dataset_home("mine", RAW, BUILD) == Path()


def test_an_own_project_is_found_before_anything_was_computed_there() -> None:
    (BUILD / "mine").mkdir(parents=True)
    assert dataset_home("mine", RAW, BUILD) == Path()
    (BUILD / "mine/params.yaml").touch()
    assert dataset_home("mine", RAW, BUILD) == BUILD / "mine"
    assert own_projects(BUILD) == ["mine"]
