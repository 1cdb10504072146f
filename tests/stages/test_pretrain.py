"""The pre-training stage on a few shapes: weights that load, the same bytes each time."""

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from pipeline.features.base.dgcnn_network import load
from stages import pretrain
from stages.pretrain import main
from tests.support import tiny

TINY = {
    "shapes": 32,
    "held_out": 8,
    "points": 32,
    "epochs": 1,
    "batch_size": 16,
    "learning_rate": 1.0e-3,
    "seed": 0,
}


def test_writes_weights_that_load_and_says_how_well_families_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    weights = tmp_path / "dgcnn.pt"
    monkeypatch.setattr(pretrain, "OWN_WEIGHTS", weights)
    Path("params.yaml").write_text(yaml.safe_dump(tiny.params() | {"pretraining": TINY}), encoding="utf-8")
    contents = []
    for _ in range(2):
        result = CliRunner().invoke(main)
        assert result.exit_code == 0, result.output
        assert "families told apart: 0." in result.stdout
        assert " train, 0." in result.stdout
        contents.append(weights.read_bytes())
    assert contents[0] == contents[1]
    assert load(weights).bn5.num_features == 256
