"""The workflow for GitHub: least permissions, pinned actions, and commands that exist here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
over_workflows = pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)


def read(file: Path) -> dict[str, Any]:
    return yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@over_workflows
def test_it_may_only_read(file: Path) -> None:
    assert read(file)["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in read(file)["jobs"].values())


@over_workflows
def test_actions_are_the_makers_own_by_major_version(file: Path) -> None:
    used = [step["uses"] for step in steps(read(file)) if "uses" in step]
    assert used
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", action) for action in used)


@over_workflows
def test_every_job_ends_and_every_command_is_a_verb_of_the_makefile(file: Path) -> None:
    verbs = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    run = [step["run"] for step in steps(read(file)) if "run" in step]
    made = {command.removeprefix("make ") for command in run if command.startswith("make ")}
    assert made
    assert made <= verbs
    assert all(int(job["timeout-minutes"]) <= 60 for job in read(file)["jobs"].values())


def test_all_pythons_are_tested_and_the_tables_are_rebuilt_and_shown() -> None:
    jobs = read(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]
    assert jobs["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert {"make test", "make lint"} <= {step.get("run") for step in jobs["test"]["steps"]}
    *_, check, show = jobs["tables"]["steps"]
    assert check["run"] == "make check"
    [pattern] = re.findall(r"reports/tables/\S+\.md", show["run"])
    assert list(ROOT.glob(pattern))
    assert "$GITHUB_STEP_SUMMARY" in show["run"]
    assert show["if"] == "${{ !cancelled() }}", "the tables are shown when the check fails, too"
