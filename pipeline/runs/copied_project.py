"""A copy of the project in which another experiment runs without touching the committed results."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import yaml

from pipeline.config.load import parse
from pipeline.runs.redraw import redrawn

RESULTS = Path("reports")
CODE = ("pipeline", "stages")
PARAMS, LOCK = Path("params.yaml"), Path("dvc.lock")


def copy_project(root: Path, target: Path, experiment: str, brought: Path, kept: tuple[Path, ...]) -> None:
    """Copy what git knows of root, results aside, to target: a DVC project whose first experiment is the named one.

    brought: the folder of files that the user brought, which is linked; kept: results that are copied all the same.
    What target has computed before stays, so a run that was stopped goes on. Its code is replaced as a whole.
    """
    for code in CODE:
        shutil.rmtree(target / code, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for file in (Path(name) for name in listed.split("\0") if name):
        result = file.parts[0] == RESULTS.name and file not in kept
        if (root / file).is_file() and not result and file not in (LOCK, PARAMS):
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / file, target / file)
    params = yaml.safe_load((root / PARAMS).read_text(encoding="utf-8"))
    params["experiments"] = [
        block
        for block in sorted(params["experiments"], key=lambda block: block["name"] != experiment)
        if block["name"] == experiment or (block.get("beside") == experiment and not block.get("on_demand"))
    ]
    if params["experiments"][0].get("on_demand"):
        params["experiments"][0] |= {"beside": None, "on_demand": False}
    params["report"] = {name: params.get("report", {}).get(name, {}) for name in ("ablations", "factorial")}
    if params["experiments"][0].get("claim"):
        params = redrawn(params)
    parse(params)
    (target / PARAMS).write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    (target / ".dvc" / "config.local").write_text(
        "[core]\n    no_scm = true\n    autostage = false\n", encoding="utf-8"
    )
    (root / brought).mkdir(exist_ok=True)
    if not (target / brought).exists():
        (target / brought).symlink_to((root / brought).resolve())
