"""A copy of the project in which another experiment runs without touching the committed results."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import yaml

from pipeline.config.load import parse
from pipeline.runs.redraw import redrawn

CODE = ("pipeline", "stages")
PARAMS = Path("params.yaml")
SETTINGS = ("dvc.yaml", "tuned.yaml", "tuning.yaml", ".dvcignore", ".dvc/config")


def copy_project(root: Path, target: Path, experiment: str, brought: Path, kept: tuple[Path, ...]) -> None:
    """Copy code and settings of root to target: a DVC project whose first experiment is the named one.

    brought: the folder of files that the user brought, which is linked; kept: results that are copied all the same.
    What target has computed before stays, so a run that was stopped goes on. Its code is replaced as a whole.
    """
    for code in CODE:
        shutil.rmtree(target / code, ignore_errors=True)
    for file in (*_own_files(root), *kept):
        if (root / file).is_file():
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


def _own_files(root: Path) -> Iterator[Path]:
    """What a copy runs, by its path below root: git, which a project unpacked from an archive lacks, is not asked."""
    yield from map(Path, SETTINGS)
    for code in CODE:
        for file in (root / code).rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts:
                yield file.relative_to(root)
