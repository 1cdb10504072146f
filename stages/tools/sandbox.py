"""A copy of the project in which another grid can run without touching the committed results."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from stages.paths import BROUGHT, COSTS, MACHINE


def make_sandbox(root: Path, target: Path, grid: Mapping[str, Any]) -> None:
    """Copy what git knows of root, results aside but for the costs, to target, a DVC project of its own with some of
    `grid` replaced and nothing trained beside it.

    grid: `methods` may be a mapping from names to the variants to keep. Files that the user brought, and those that
    will be downloaded, are linked. What target has computed before is kept, so a run that was stopped goes on.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    files = [Path(name) for name in listed.split("\0") if name]
    for file in files:
        made = file.parts[0] == "reports" and file not in (COSTS, MACHINE)
        if (root / file).is_file() and not made and file.name != "dvc.lock":
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / file, target / file)
    params = yaml.safe_load((root / "params.yaml").read_text(encoding="utf-8"))
    params["grid"] |= grid
    methods = params["grid"]["methods"]
    if isinstance(methods, Mapping):
        for name, variants in methods.items():
            known = params["methods"][name]["variants"]
            params["methods"][name]["variants"] = {variant: known[variant] for variant in variants}
        params["grid"]["methods"] = list(methods)
        params["report"].pop("ablations", None)
    params["further"] = []
    for dataset in params["datasets"].values():
        dataset.pop("grid", None)
    params["report"] |= {name: params["grid"][name] for name in ("datasets", "methods")}
    (target / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    (target / ".dvc" / "config.local").write_text(
        "[core]\n    no_scm = true\n    autostage = false\n", encoding="utf-8"
    )
    brought = (root / BROUGHT).resolve()
    brought.mkdir(exist_ok=True)
    if not (target / BROUGHT).exists():
        (target / BROUGHT).symlink_to(brought)
