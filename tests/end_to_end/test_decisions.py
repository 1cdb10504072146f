"""Labels that are noisy everywhere: from suspects to decisions, to a corrected table, to what that gained."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from pipeline.explore.decisions.decisions import COLUMNS
from pipeline.explore.suspects import judgements
from stages.tools import decide, gain, suspects
from tests.end_to_end.test_own_data import EACH, GROUPS, LOAD, bring, run, settle

pytestmark = pytest.mark.usefixtures("one_process")
LOOKED_AT = 50
"""Of 60 pairs, the most suspicious first: little can be suspected from so few small pictures."""
STAGES = ("fetch", "examine", "features", "plan", "noise", "train", "evaluate")


def train(**load: Any) -> None:
    """The annotator's labels are the only ones that the project knows."""
    settle({**LOAD, "columns": {"label": "annotator"}, "clean": False, **load}, {})
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    params["experiments"][0]["methods"] = ["mcca", "ce", "klr"]
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    for stage in STAGES:
        run(stage, "my_photos")


def call(command: Any, *arguments: str) -> str:
    result = CliRunner().invoke(command, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


def test_from_suspects_to_what_correcting_them_gained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    bring(Path("files/my_photos"))
    own = Path("files/my_photos/captions.csv")
    before, true = own.read_bytes(), pd.read_csv(own).set_index("file")["label"]
    train()

    call(suspects.main, "my_photos", "--method", "ce")
    table = Path("build/suspects/my_photos-ce-default-0.csv")
    doubted = pd.read_csv(table)
    assert len(doubted) == len(GROUPS) * EACH
    assert set(doubted["split"]) == {"train", "valid", "test"}
    monkeypatch.setattr(judgements, "judge", None)
    call(suspects.main, "my_photos", "--method", "ce")
    assert pd.read_csv(table)["suspicion"].tolist() == doubted["suspicion"].tolist()

    with Path("decisions.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for sample, given in zip(doubted["sample"][:LOOKED_AT], doubted["given"], strict=False):
            label = true[f"{sample}.png"]
            rows.writerow(["my_photos", sample, given, "right" if label == given else "wrong", label, "anna"])
    assert "files/my_photos/captions.decided.csv" in call(decide.main, "my_photos", "decisions.csv")
    assert own.read_bytes() == before
    corrected = pd.read_csv("files/my_photos/captions.decided.csv", keep_default_na=False).set_index("file")
    looked_at = corrected["decided_by"] == "anna"
    assert looked_at.sum() == LOOKED_AT
    assert (corrected["annotator"][looked_at] == true[looked_at]).all()

    train(table="captions.decided.csv")
    head, *lines = call(gain.main, "my_photos").splitlines()
    tested = int((doubted["split"] == "test").sum())
    assert head.startswith(f"MAP on the {tested} samples that both runs held out")
    maps = {}
    for line in lines:
        ((method, then, now),) = re.findall(r"(\w+): (\d\.\d{3}) -> (\d\.\d{3})", line)
        maps[method] = (float(then), float(now))
    assert maps.keys() == {"mcca", "ce", "klr"}
    assert maps["mcca"][0] == maps["mcca"][1]  # it sees no labels
    records = pd.read_csv("reports/records/cells/my_photos.csv").set_index("method")
    columns = [f"best_validation map {direction}" for direction in ("image->text", "text->image")]
    assert abs(records.loc["klr", columns].astype(float).mean() - maps["klr"][1]) < 0.0006
