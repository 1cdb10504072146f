"""A copy of the project's code, for tests that add files to it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = ("pipeline", "stages", "tests", "params.yaml", "tuning.yaml", "tuned.yaml", "dvc.yaml", "pyproject.toml")


def copy_project(target: Path) -> Path:
    target.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, target / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(ROOT / part, target / part)
    return target


def run(folder: Path, module: str, *arguments: str) -> str:
    """`python -m module arguments` in the folder, which must succeed; what it printed."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
