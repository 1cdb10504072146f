"""Noise settings belong to the dataset: two of a user's own live side by side in one experiment."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result

from pipeline.core.datasets import RawDataset
from pipeline.data.base import store as raw_store
from pipeline.noise.base import store as noise_store
from tests.support import tiny

OWN = {"photos": 1, "scans": 2}
"""Dataset -> how far its noisy labels are from the true ones, in classes."""


def run(stage: str, dataset: str) -> Result:
    return CliRunner().invoke(importlib.import_module(f"stages.{stage}").main, [dataset])


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two datasets of one experiment, of which each has given labels; the global block has no settings."""
    monkeypatch.chdir(tmp_path)
    params = tiny.experiment(datasets=list(OWN), noises=["given"], rates=[0.0], methods=["ce"])
    params["noises"] = {"given": {}}
    _, labels, split = tiny.arrays()
    ids = [str(row) for row in range(len(labels))]
    for name, step in OWN.items():
        noise = {"given": {"labels": f"{name}.npz:noisy"}}
        params["datasets"][name] = params["datasets"]["emoji"] | {"noises": noise}
        np.savez(f"{name}.npz", noisy=np.array(list("abc"))[(labels + step) % 3])
        tiny.store(Path("data/features") / name)
        raw_store.write(RawDataset(ids, {}, labels, split, ids, list("abc")), Path("data/raw") / name)
    Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")


def test_two_datasets_have_given_labels_of_their_own() -> None:
    _, labels, split = tiny.arrays()
    for name, step in OWN.items():
        for stage in ("plan", "noise"):
            assert run(stage, name).exit_code == 0
        corruption, receipt = noise_store.read(Path("data/noise") / name / "given-0.0-0.npz")
        np.testing.assert_array_equal(corruption.labels["image"], (labels[split == "train"] + step) % 3)
        assert receipt.realised == {"image": 1.0, "text": 1.0}


@pytest.mark.parametrize(
    ("kind", "noise", "complaint"),
    [
        ("given", {"lables": "x.npz"}, "datasets.scans.noises.given: unknown name 'lables'; did you mean 'labels'?"),
        ("recorded", {}, "datasets.scans.noises.recorded: the setting 'folder' is missing"),
        ("recorded", None, "datasets.scans.noises.recorded: the setting 'folder' is missing"),
    ],
)
def test_a_wrong_setting_is_named_where_the_dataset_has_it(
    kind: str, noise: dict[str, str] | None, complaint: str
) -> None:
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    params["noises"] = {"given": {}, "recorded": None}
    params["experiments"][0]["noises"] = [kind]
    params["datasets"]["scans"]["noises"] = {kind: noise}
    Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    assert run("plan", "scans").exit_code == 0
    result = run("noise", "scans")
    assert result.exit_code == 2
    assert complaint in result.stderr
