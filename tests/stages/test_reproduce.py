"""A paper's protocol runs in a copy of the project, and only its own records come back."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from pipeline.config.params import grid_of, load
from stages.tools.sandbox import make_sandbox

from pipeline.core.progress import duration
from pipeline.runs.costs import COLUMNS
from pipeline.runs.status import workers
from stages.command import Mistake
from stages.paths import COSTS, MACHINE
from stages.tools import reproduce
from tests.support import tiny


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git project with settings, a dataset of its own protocol and files that a person brought."""
    monkeypatch.chdir(tmp_path)
    params = tiny.params()
    params["methods"]["ce"]["variants"] = {"default": {}, "other": {"epochs": 1}}
    params["datasets"]["digits"] = {
        **params["datasets"]["emoji"],
        "grid": {"methods": {"ce": ["other"]}, "noises": ["recorded"]},
    }
    params["report"]["datasets"].append("digits")
    params["noises"]["recorded"] = {}
    Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    Path("files/digits").mkdir(parents=True)
    Path("files/digits/labels.npy").write_bytes(b"labels")
    Path(".gitignore").write_text("/files/\n/build/\n", encoding="utf-8")
    Path(".dvc").mkdir()
    Path(".dvc/config").touch()
    subprocess.run(["git", "init", "-q"], check=True)
    return tmp_path


def settings() -> dict:
    return yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))


def refused(*arguments: str) -> str:
    result = CliRunner().invoke(reproduce.main, list(arguments))
    assert result.exit_code == 2, result.output
    assert not Path("build").exists()
    return result.stderr


def test_a_protocol_keeps_its_variants_noises_and_files() -> None:
    make_sandbox(Path(), Path("build/digits"), grid_of(settings(), "digits") | {"datasets": ["digits"]})
    copy = load(Path("build/digits/params.yaml"))
    assert copy["grid"] == settings()["grid"] | {
        "datasets": ["digits"],
        "methods": ["ce"],
        "noises": ["recorded"],
    }
    assert copy["report"] == {"datasets": ["digits"], "methods": ["ce"]}
    assert list(copy["methods"]["ce"]["variants"]) == ["other"]
    assert "grid" not in copy["datasets"]["digits"]
    assert Path("build/digits/files/digits/labels.npy").read_bytes() == b"labels"


def test_a_dataset_of_the_grid_is_refused_as_a_protocol() -> None:
    assert "'emoji' has no protocol of its own" in refused("--dataset", "emoji")


def test_an_unknown_protocol_is_named_with_the_nearest() -> None:
    assert "did you mean 'digits'" in refused("--dataset", "digit")


def test_a_protocol_that_the_report_does_not_show_is_refused() -> None:
    params = settings()
    params["report"]["datasets"].remove("digits")
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    assert "'digits' is not shown" in refused("--dataset", "digits")


def test_a_protocol_is_not_cut_down() -> None:
    told = refused("--grid", "small", "--dataset", "digits")
    assert (
        told == "Error: a protocol has no small grid: leave out GRID=small (--grid), or DATASET=digits (--dataset).\n"
    )


def test_only_the_records_of_the_protocol_come_back() -> None:
    made = Path("build/digits/reports/records")
    for name in ("cells/digits/ce.csv", "noise/digits.json", "noise/digits_two.json", "cells/digits_two/ce.csv"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text("new", encoding="utf-8")
    reproduce._bring(made, "digits")
    brought = sorted(path.as_posix() for path in Path("reports").rglob("*") if path.is_file())
    assert brought == ["reports/records/cells/digits/ce.csv", "reports/records/noise/digits.json"]


def fake_dvc(code: int = 0) -> None:
    """`python -m dvc` of this folder: it says what DVC says of stages."""
    Path("dvc").mkdir()
    Path("dvc/__init__.py").touch()
    Path("dvc/__main__.py").write_text(
        f"""
print("Stage 'fetch@emoji' didn't change, skipping")
print("Stage 'train@emoji-mcca' didn't change, skipping")
print("Running stage 'train@emoji-ce':")
print("> python -m stages.train emoji ce")
raise SystemExit({code})
""",
        encoding="utf-8",
    )


def test_a_stage_is_told_with_its_place_and_the_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    rows = ("emoji,mcca,default,1,60,1,1", "emoji,ce,default,1,2000,1,1", "emoji,ce,other,1,1000,1,1")
    COSTS.parent.mkdir()
    COSTS.write_text("\n".join([",".join(COLUMNS), *rows, ""]), encoding="utf-8")
    fake_dvc()
    reproduce._dvc(Path(), tell=reproduce._countdown(settings()))
    first, second = capsys.readouterr().out.splitlines()
    left = duration(3000 / workers())
    assert first == f"Running stage 'train@emoji-ce' (2 of 2, about {left} left):"
    assert second == "> python -m stages.train emoji ce"


def test_a_stage_of_unknown_cost_is_told_with_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    fake_dvc()
    reproduce._dvc(Path(), tell=reproduce._countdown(settings()))
    assert capsys.readouterr().out.startswith("Running stage 'train@emoji-ce' (2 of 2):")


def test_dvc_that_stops_is_one_sentence() -> None:
    fake_dvc(1)
    with pytest.raises(Mistake, match="dvc repro stopped"):
        reproduce._dvc(Path())


def test_what_a_protocol_costs_comes_back() -> None:
    cell, run = Path("build/digits/.cells/f1"), Path("build/digits/data/runs/digits/ce/other")
    for folder in (cell, run):
        folder.mkdir(parents=True)
        result = {"status": "done", "fingerprint": "f1", "key": {"variant": "other", "seed": 0}}
        (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")
    cost = {"seconds": 2.0, "device": "cpu", "peak_memory": 50, "parameters": 3}
    (cell / "cost.json").write_text(json.dumps(cost), encoding="utf-8")
    trained = settings() | {"grid": {"datasets": ["digits"], "methods": ["ce"]}}
    reproduce._write_costs(trained, Path("build/digits"), Path())
    assert COSTS.read_text(encoding="utf-8").splitlines()[1:] == ["digits,ce,other,1,2,50,3"]
    assert MACHINE.is_file()
