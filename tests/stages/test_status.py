"""`status` and `costs` on a grid of two methods: what they print and write as cells land."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from stages.paths import COSTS, MACHINE
from tests.support import tiny

pytestmark = pytest.mark.usefixtures("one_process")


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    Path("params.yaml").write_text(yaml.safe_dump(tiny.params()), encoding="utf-8")


def run(command: str, *arguments: str) -> str:
    result = CliRunner().invoke(importlib.import_module(f"stages.{command}").main, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


def table() -> dict[str, list[str]]:
    """First word of each line -> the other words."""
    return {line.split()[0]: line.split()[1:] for line in run("tools.status").splitlines() if line.strip()}


def test_an_untouched_project_has_everything_missing() -> None:
    output = run("tools.status")
    assert "The whole grid: 2 cells: 2 missing; left: not known" in output
    assert not COSTS.exists()


def test_the_grid_is_told_as_it_fills() -> None:
    tiny.store(Path("data/features/emoji"))
    run("plan", "emoji")
    run("noise", "emoji")
    run("train", "emoji", "ce")
    rows = table()
    assert rows["emoji"] == ["cells", "done", "missing", "cost", "so", "far", "left"]
    assert rows["ce"] == ["1", "1", "0.01", "CPU-hours"]
    assert rows["mcca"] == ["1", "1", "not", "known"]
    assert not [line for line in run("tools.status").splitlines() if "\x1b" in line or "━" in line]

    assert run("tools.costs") == "reports/cost.csv: 1 rows of what was trained here, 1 in all.\n"
    assert COSTS.read_text(encoding="utf-8").splitlines()[1].startswith("emoji,ce,default,1,")
    assert MACHINE.is_file()

    run("train", "emoji", "mcca")
    run("evaluate", "emoji")
    cells = Path("reports/records/cells/emoji.csv")
    lines = cells.read_text(encoding="utf-8").splitlines(keepends=True)
    cells.write_text("".join(line for line in lines if not line.startswith("mcca")), encoding="utf-8")
    for cell in Path(".cells").glob("[0-9a-f]*"):
        cell.rename(cell.with_name(f"x{cell.name}"))
    rows = table()
    assert rows["emoji"] == ["cells", "recorded", "missing", "cost", "so", "far", "left"]
    assert rows["ce"] == ["1", "1", "about", "1", "s"]


def test_a_failed_cell_says_why() -> None:
    params = tiny.params()
    params["methods"]["ce"]["default"] |= {"learning_rate": 1e30, "epochs": 4}
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    tiny.store(Path("data/features/emoji"))
    run("plan", "emoji")
    run("noise", "emoji")
    run("train", "emoji", "ce")
    output = run("tools.status")
    assert "1 failed, 1 missing" in output or "1 missing, 1 failed" in output
    assert "ce, 1 failed: epoch" in output
    assert "is not finite; lower the learning rate." in output
