"""Tuning and the check of records, on a grid of one method."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from pipeline.records.tuning import TUNING
from stages.paths import RECORDS, TUNED
from tests.support import tiny

pytestmark = pytest.mark.usefixtures("one_process")
TRIALS = Path("reports/records/tuning/ce.csv")


def params() -> dict[str, Any]:
    given = tiny.experiment(methods=["ce"])
    tuning = {"dataset": "emoji", "noise": "symmetric", "rate": 0.4, "seed": 100}
    return given | {"tuning": tuning | {"methods": {"ce": {"default": {"ladders": {"learning_rate": [1e-9, 0.001]}}}}}}


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    settle(params())


def settle(given: dict[str, Any]) -> None:
    Path("params.yaml").write_text(yaml.safe_dump(given), encoding="utf-8")


def call(command: str, *arguments: str) -> Result:
    return CliRunner().invoke(importlib.import_module(f"stages.{command}").main, list(arguments))


def done(command: str, *arguments: str) -> str:
    result = call(command, *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(command: str, *arguments: str) -> str:
    result = call(command, *arguments)
    assert result.exit_code == 2, result.output
    return result.stderr


def test_tuning_records_its_trials_and_prints_the_best() -> None:
    tiny.store(Path("data/features/emoji"))
    output = done("tools.tune")
    trials = TUNING.read(RECORDS, "ce")
    assert [trial["settings"] for trial in trials] == [{"learning_rate": 0.001}, {"learning_rate": 1e-9}]
    assert [trial["variant"] for trial in trials] == ["default", "default"]
    chosen = max(trials, key=lambda trial: max(trial["maps"].values()))
    assert output == f"ce, default: {chosen['settings']}, validation MAP {chosen['maps']}\n"
    assert yaml.safe_load(TUNED.read_text(encoding="utf-8")) == {"ce": {"default": chosen["settings"]}}
    before = TRIALS.read_bytes(), TUNED.read_bytes()
    done("tools.tune", "ce")
    assert (TRIALS.read_bytes(), TUNED.read_bytes()) == before


def test_tuning_without_features_or_of_an_unknown_method_is_refused() -> None:
    assert "data/features/emoji" in refused("tools.tune")
    assert "did you mean 'ce'" in refused("tools.tune", "cee")
    assert not TRIALS.exists()


def test_records_are_those_of_the_code_and_the_settings() -> None:
    tiny.store(Path("data/features/emoji"))
    for command in (["plan"], ["noise"], ["train", "ce"], ["evaluate"]):
        done(command[0], "emoji", *command[1:])
    refusal = refused("tools.check_records")
    assert "the tuning of 'ce', default: what was tried is not what tuning.yaml leads to" in refusal
    given = params()
    given["tuning"]["methods"]["ce"]["default"]["ladders"] = {"learning_rate": [0.001]}
    settle(given)
    done("tools.tune")
    output = "1 cells were made by the code and parameters as they stand; 1 methods are set as tuned.\n"
    assert done("tools.check_records") == output
    given["methods"]["ce"]["default"]["epochs"] = 3
    settle(given)
    assert "is older than the code; run `make reproduce EXPERIMENT=default` and commit" in refused(
        "tools.check_records"
    )
