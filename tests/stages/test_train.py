"""One stage trains all methods of a dataset, and of those only the cells that are missing."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from tests.support import tiny

pytestmark = pytest.mark.usefixtures("one_process")


def run(stage: str, *arguments: str) -> None:
    result = CliRunner().invoke(importlib.import_module(f"stages.{stage}").main, list(arguments))
    assert result.exit_code == 0, result.output


def settle(params: dict[str, Any]) -> None:
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    run("plan", "emoji")
    run("noise", "emoji")


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    tiny.store(Path("data/features/emoji"))
    settle(tiny.params())


def trained() -> dict[str, int]:
    """Name of a cell in the store -> when it was made."""
    return {cell.name: (cell / "cost.json").stat().st_mtime_ns for cell in Path(".cells").glob("[0-9a-f]*")}


def shown() -> set[str]:
    return {file.parent.relative_to("data/runs").as_posix() for file in Path("data/runs").rglob("result.json")}


def test_a_changed_setting_trains_its_method_alone() -> None:
    run("train", "emoji")
    before = trained()
    assert len(before) == 2
    assert shown() == {"emoji/mcca/default-any-any", "emoji/ce/default-symmetric-0.2-0"}
    params = tiny.params()
    params["methods"]["ce"]["default"]["epochs"] = 3
    settle(params)
    run("train", "emoji")
    after = trained()
    assert before.items() <= after.items()
    assert len(after) == 3
    assert shown() == {"emoji/mcca/default-any-any", "emoji/ce/default-symmetric-0.2-0"}


def test_methods_that_are_named_are_trained_alone_and_leave_the_results_of_others() -> None:
    run("train", "emoji", "mcca")
    assert shown() == {"emoji/mcca/default-any-any"}
    run("train", "emoji", "ce")
    assert shown() == {"emoji/mcca/default-any-any", "emoji/ce/default-symmetric-0.2-0"}
    before = trained()
    run("train", "emoji", "mcca", "ce")
    assert trained() == before
