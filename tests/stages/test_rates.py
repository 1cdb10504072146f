"""Noise rates that a person writes as whole numbers are the same rates in every stage."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from tests.support import tiny

pytestmark = pytest.mark.usefixtures("one_process")


def run(stage: str, *arguments: str) -> None:
    result = CliRunner().invoke(importlib.import_module(f"stages.{stage}").main, list(arguments))
    assert result.exit_code == 0, result.output


def test_noise_of_whole_rates_is_what_training_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    Path("params.yaml").write_text(yaml.safe_dump(tiny.experiment(rates=[0, 1], methods=["ce"])), encoding="utf-8")
    tiny.store(Path("data/features/emoji"))
    run("plan", "emoji")
    run("noise", "emoji")
    run("train", "emoji", "ce")
    assert {file.stem for file in Path("data/noise/emoji").glob("*.npz")} == {"symmetric-0.0-0", "symmetric-1.0-0"}
    results = sorted(Path("data/runs/emoji/ce").glob("*/result.json"))
    assert [json.loads(file.read_text(encoding="utf-8"))["status"] for file in results] == ["done", "done"]
