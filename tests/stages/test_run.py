"""stages/run finds an interpreter that has the packages, whether the environment is activated or not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).parents[2] / "stages" / "run"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project whose stage prints what it is given, and a PATH whose pythons have no packages."""
    (tmp_path / "stages").mkdir()
    shutil.copy(RUN, tmp_path / "stages" / "run")
    (tmp_path / "stages" / "echo.py").write_text("import sys; print(*sys.argv[1:])", encoding="utf-8")
    for name in ("python", "python3"):
        script(tmp_path / "path" / name, "exit 1")
    return tmp_path


def script(file: Path, body: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    file.chmod(0o755)


def run(root: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{root / 'path'}:/usr/bin:/bin"}
    command = ["stages/run", "echo", "one", "two words"]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("place", ["path/python", ".venv/bin/python", "path/python3"])
def test_the_interpreter_with_the_packages_runs_the_stage(root: Path, place: str) -> None:
    script(root / place, f'exec "{sys.executable}" "$@"')
    done = run(root)
    assert (done.returncode, done.stdout) == (0, "one two words\n"), done.stderr


def test_a_python_with_torch_alone_is_passed_over(root: Path) -> None:
    script(root / ".venv/bin/python", f'exec "{sys.executable}" "$@"')
    for module in ("torch", "filelock"):
        (root / "site" / module).mkdir(parents=True)
    script(root / "path/python", f'export PYTHONPATH="{root}/site"; exec "{sys.executable}" -S "$@"')
    done = run(root)
    assert (done.returncode, done.stdout) == (0, "one two words\n"), done.stderr


def test_without_one_a_sentence_says_what_to_do(root: Path) -> None:
    done = run(root)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "stages/run: no Python here has the packages of requirements.txt; run `make reproduce` once, or activate the "
        "environment that has them."
    ]
