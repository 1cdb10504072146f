"""A person's mistake is one sentence on stderr and exit code 2, and leaves nothing half-written."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from pipeline.core.errors import MissingFiles
from tests.support import tiny

STAGES = {
    "fetch": ["emoji"],
    "examine": ["emoji"],
    "features": ["emoji"],
    "probe": ["emoji"],
    "noise": ["emoji"],
    "plan": ["emoji"],
    "train": ["emoji", "ce"],
    "evaluate": ["emoji"],
    "confident_learning": ["emoji"],
    "report": [],
}


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's root with nothing but settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    settle(tiny.params())
    return tmp_path


def settle(params: dict[str, Any]) -> None:
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")


def with_features() -> None:
    tiny.store(Path("data/features/emoji"))


def with_plan() -> None:
    result = CliRunner().invoke(importlib.import_module("stages.plan").main, ["emoji"])
    assert result.exit_code == 0, result.output


def refused(stage: str, *arguments: str) -> str:
    """Run a stage that must refuse; give its sentence, which may follow the title of what was under way."""
    before = {path: path.stat().st_mtime_ns for path in Path().rglob("*")}
    result = CliRunner().invoke(importlib.import_module(f"stages.{stage}").main, list(arguments))
    assert result.exit_code == 2, result.output
    assert not result.stdout
    lines = [line for line in result.stderr.splitlines() if not line.startswith(("fetch ", "download ", "Warning: "))]
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("Error: ")
    assert {path: path.stat().st_mtime_ns for path in Path().rglob("*")} == before
    return lines[0]


@pytest.mark.parametrize("stage", STAGES)
def test_missing_settings(stage: str) -> None:
    Path("params.yaml").unlink()
    assert "params.yaml: the file is missing; run the command in" in refused(stage, *STAGES[stage])


@pytest.mark.parametrize("stage", STAGES)
def test_broken_settings(stage: str) -> None:
    Path("params.yaml").write_text("experiments: [\n")
    assert "params.yaml, line 2: this is not valid YAML" in refused(stage, *STAGES[stage])


@pytest.mark.parametrize("stage", ["fetch", "features", "probe", "plan"])
def test_an_unknown_dataset(stage: str) -> None:
    assert "unknown name 'emojy'; did you mean 'emoji'?" in refused(stage, "emojy")


@pytest.mark.parametrize("stage", ["noise", "train", "evaluate", "confident_learning"])
def test_a_dataset_without_features(stage: str) -> None:
    sentence = refused(stage, *STAGES[stage])
    assert "data/features/emoji: the features cannot be read (FileNotFoundError); run `dvc repro`" in sentence


def test_an_unknown_dataset_in_the_report() -> None:
    settle(tiny.params() | {"report": {"datasets": ["emojy"]}})
    assert "did you mean 'emoji'?" in refused("report")


def test_a_dataset_that_has_settings_but_no_file() -> None:
    params = tiny.params()
    params["datasets"]["emojis"] = params["datasets"]["emoji"]
    settle(params)
    assert "data: unknown name 'emojis'; did you mean 'emoji'?" in refused("fetch", "emojis")


def test_a_dataset_without_a_plan() -> None:
    with_features()
    assert "data/plan/emoji.json: there is no plan of cells; run `dvc repro`" in refused("train", "emoji")


def test_a_method_that_is_not_planned() -> None:
    with_features()
    with_plan()
    assert "data/plan/emoji.json: unknown name 'mca'; did you mean 'mcca'?" in refused("train", "emoji", "mca")


def test_an_unknown_extractor() -> None:
    params = tiny.params()
    params["datasets"]["emoji"]["views"]["image"] = "pixel"
    settle(params)
    assert "unknown name 'pixel'; did you mean 'pixels'?" in refused("features", "emoji")


def test_an_unknown_noise() -> None:
    with_features()
    settle(tiny.experiment(noises=["symetric"]))
    assert "unknown name 'symetric'; did you mean 'symmetric'?" in refused("noise", "emoji")


def test_a_noise_rate_out_of_range() -> None:
    with_features()
    settle(tiny.experiment(rates=[0.2, 20]))
    assert "entry 1, rates, entry 2: 20 does not fit; it should be less than or equal to 1" in refused("noise", "emoji")


@pytest.mark.parametrize("command", ["noise", "report", "tools.status", "tools.reproduce"])
def test_settings_that_do_not_fit_are_refused_before_anything_runs(command: str) -> None:
    settle(tiny.experiment(seeds=["a"]))
    assert "entry 1, seeds, entry 1: 'a' does not fit; it should be a valid integer." in refused(
        command, *STAGES.get(command, [])
    )


def test_a_profile_that_no_method_has() -> None:
    settle(tiny.experiment(profile="defalt"))
    assert "methods.mcca: unknown name 'defalt'; did you mean 'default'?" in refused("fetch", "emoji")


def test_a_probe_of_a_view_that_the_dataset_lacks() -> None:
    params = tiny.params()
    params["datasets"]["emoji"]["probes"] = {"images": {"pixels": {}}}
    settle(params)
    assert "unknown name 'images'; did you mean 'image'?" in refused("probe", "emoji")


@pytest.mark.parametrize("stage", ["examine", "features", "probe"])
def test_missing_raw_files(stage: str) -> None:
    assert "the file is missing; fetch the dataset again" in refused(stage, "emoji")


def test_a_protocol_without_its_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(url: str, file: Path, *rest: object) -> None:
        raise MissingFiles("no network", str(file), "get it by hand")

    monkeypatch.setattr("stages.fetch.download", offline)
    params = tiny.params()
    params["datasets"]["mnist3d_rono"] = {
        "load": {"folder": "files", "seed": 0, "points": 8},
        "views": {"image": "pixels"},
    }
    settle(params)
    sentence = refused("fetch", "mnist3d_rono")
    assert "files: train-images-idx3-ubyte is missing; put MNIST's train-images-idx3-ubyte" in sentence


def test_missing_noise() -> None:
    with_features()
    with_plan()
    assert "there are no noisy labels; run the noise stage again" in refused("train", "emoji", "ce")


def test_missing_cells() -> None:
    with_features()
    assert "there are no finished cells; run `dvc repro`" in refused("evaluate", "emoji")


@pytest.mark.parametrize(
    ("stage", "keys", "near"),
    [
        ("fetch", ("datasets", "emoji", "load", "sed"), "seed"),
        ("features", ("extractors", "doc2vec", "epoch"), "epochs"),
        ("noise", ("noises", "symmetric", "per_pairs"), "per_pair"),
        ("plan", ("methods", "ce", "default", "epoch"), "epochs"),
    ],
)
def test_a_wrong_setting(stage: str, keys: tuple[str, ...], near: str) -> None:
    with_features()
    params = tiny.params()
    *path, name = keys
    place = params
    for key in path:
        place = place[key]
    place[name] = 1
    settle(params)
    if stage == "noise":
        with_plan()
    assert f"unknown name '{name}'; did you mean '{near}'?" in refused(stage, *STAGES[stage])


def test_a_setting_of_the_wrong_type() -> None:
    with_features()
    params = tiny.params()
    params["methods"]["ce"]["default"]["epochs"] = "many"
    settle(params)
    assert "params.yaml, methods.ce: 'epochs' is 'many'" in refused("plan", "emoji")
