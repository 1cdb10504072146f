"""`dvc repro` on a grid cut to a minute, in a copy of the project: from nothing to the page, stop and go on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.runs.copied_project import copy_project
from stages.paths import BROUGHT, COSTS, MACHINE

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
EXPERIMENT = {"datasets": ["mnist3d"], "methods": ["mcca", "ce"], "rates": [0.8], "seeds": [0, 1]}
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
ENVIRONMENT["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def dvc(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["dvc", *arguments], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def change(folder: Path, value: Any, *keys: str) -> None:
    settings = yaml.safe_load((folder / "params.yaml").read_text(encoding="utf-8"))
    block = settings
    for key in keys[:-1]:
        block = block[key]
    block[keys[-1]] = value
    (folder / "params.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")


def stages_run(output: str) -> list[str]:
    return [line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage")]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    copy_project(ROOT, folder, "default", BROUGHT, (COSTS, MACHINE))
    params = yaml.safe_load((folder / "params.yaml").read_text(encoding="utf-8"))
    change(folder, [params["experiments"][0] | EXPERIMENT], "experiments")
    change(folder, 2, "methods", "ce", "default", "epochs")
    change(folder, "voxel_grid", "datasets", "mnist3d", "views", "cloud")
    change(folder, {"cloud": {"voxel_grid": {"resolution": 6}}}, "datasets", "mnist3d", "probes")
    dvc(folder, "repro")
    return folder


def test_the_page_shows_the_trained_methods(project: Path) -> None:
    page = (project / "reports" / "index.html").read_text(encoding="utf-8")
    assert "MCCA" in page
    assert "CE" in page
    scores = json.loads((project / "reports" / "metrics.json").read_text(encoding="utf-8"))
    assert set(scores["mnist3d"]["symmetric"]) == {"MCCA", "CE"}


def test_the_features_are_probed(project: Path) -> None:
    probes = json.loads((project / "reports" / "records" / "probes" / "mnist3d.json").read_text(encoding="utf-8"))
    assert [(probe["view"], probe["dimension"], probe["used"]) for probe in probes] == [
        ("image", 784, True),
        ("cloud", 12**3, True),
        ("cloud", 6**3, False),
    ]
    assert all(probe["accuracy"] > 0.5 for probe in probes)


def test_a_second_repro_runs_nothing(project: Path) -> None:
    assert stages_run(dvc(project, "repro")) == []


def test_a_changed_setting_trains_its_method_alone_and_a_kill_loses_no_finished_cell(project: Path) -> None:
    change(project, 60, "methods", "ce", "default", "epochs")
    before = set((project / ".cells").glob("[0-9a-f]*"))
    repro = subprocess.Popen(["dvc", "repro"], cwd=project, env=ENVIRONMENT, start_new_session=True)
    while not (landed := set((project / ".cells").glob("[0-9a-f]*")) - before) and repro.poll() is None:
        time.sleep(0.05)
    assert repro.poll() is None, "everything was trained before the kill: give the network more epochs"
    os.killpg(repro.pid, signal.SIGKILL)
    repro.wait()
    times = {cell: (cell / "cost.json").stat().st_mtime_ns for cell in landed}

    ran = stages_run(dvc(project, "repro"))
    assert sorted(ran) == ["evaluate@mnist3d", "report", "train@mnist3d", "viewer@mnist3d"]
    assert {cell: (cell / "cost.json").stat().st_mtime_ns for cell in landed} == times
    assert len(set((project / ".cells").glob("[0-9a-f]*")) - before) == 2
