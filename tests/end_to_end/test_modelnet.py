"""Meshes in ModelNet's folders through the stages, to features, noisy labels and trained methods."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from pipeline.data.modelnet10 import ModelNet10
from pipeline.features.base import store as featurestore
from pipeline.noise.base import store as noise_store
from tests.support.samples import PARAMS
from tests.support.solids import write_release

RATE = 0.4


def settle() -> None:
    """params.yaml's own experiment with fewer points and pixels, one rate and seed, and a single epoch."""
    params = yaml.safe_load(PARAMS.read_text(encoding="utf-8"))
    [own] = [block for block in params["experiments"] if block["name"] == "modelnet_asymmetric"]
    params["experiments"] = [own | {"datasets": ["modelnet10"], "rates": [RATE], "seeds": [0]}]
    params["report"] = {}
    params["datasets"]["modelnet10"]["load"] |= {"points": 256, "side": 32}
    for method in own["methods"]:
        params["methods"][method].setdefault("datasets", {})["modelnet10"] = {"epochs": 1, "batch_size": 10}
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")


@pytest.mark.usefixtures("one_process")
def test_from_meshes_to_trained_methods(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    write_release(tmp_path / "files" / "modelnet10" / "ModelNet10", ModelNet10.class_names)
    settle()
    for stage in ("fetch", "features", "plan", "noise", "train"):
        result = CliRunner().invoke(importlib.import_module(f"stages.{stage}").main, ["modelnet10"])
        assert result.exit_code == 0, result.output

    features = featurestore.read(Path("data/features/modelnet10"))
    shapes = {name: {view: x.shape for view, x in split.views.items()} for name, split in features.splits.items()}
    assert shapes == {
        "train": {"image": (20, 1280), "cloud": (20, 512)},
        "test": {"image": (10, 1280), "cloud": (10, 512)},
    }
    assert all(np.isfinite(x).all() for split in features.splits.values() for x in split.views.values())

    name = noise_store.file_name("asymmetric", RATE, 0)
    corruption, receipt = noise_store.read(Path("data/noise/modelnet10") / name)
    assert receipt.per_pair
    assert receipt.realised == {"image": RATE, "cloud": RATE}
    assert np.array_equal(corruption.labels["image"], corruption.labels["cloud"])

    results = {path.parent.parent.name: json.loads(path.read_text()) for path in Path("data/runs").rglob("result.json")}
    trained = {method: result["status"] for method, result in results.items()}
    assert trained == {"rono": "done", "dac": "done", "witness": "done"}
