"""Run README's commands in a fresh clone, as a new user would."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import click

from pipeline.config.project import Project
from pipeline.core.errors import BadInput
from stages.command import stage

BLOCK = re.compile(r"^(?:<!-- (not run|serves): (.+?) -->\n)?```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PATIENCE = 120
"""Seconds within which what serves must answer."""


@dataclass(frozen=True)
class Command:
    """A line of a block of README. skip: why it is not run; serves: the address at which it answers until stopped."""

    line: str
    skip: str = ""
    serves: str = ""


def commands(readme: str) -> Iterator[Command]:
    """Every line of every ```bash block, in order. A comment above a block, <!-- not run: reason --> or
    <!-- serves: address -->, tells how it is taken."""
    for mark, told, lines in BLOCK.findall(readme):
        for line in filter(None, map(str.strip, lines.splitlines())):
            yield Command(line, told if mark == "not run" else "", told if mark == "serves" else "")


@stage
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("build/readme"))
def main(project: Project, folder: Path) -> None:
    """Clone the last commit to FOLDER (build/readme) and run README's commands there, one after another.

    What needs files of a user's own is not run and said so. A folder that is there is brought to the last commit and
    keeps what it has computed. On two cores the whole grid alone takes most of an hour. Exit code 1: a command failed.

    Example: python -m stages.tools.check_readme
    """
    _clone(folder)
    told = {True: "passed", False: "FAILED"}
    results = []
    for command in commands((folder / "README.md").read_text(encoding="utf-8")):
        if command.skip:
            click.echo(f"not run          {command.line}  ({command.skip})")
            continue
        started = time.monotonic()
        passed, output = _served(command, folder) if command.serves else _run(command, folder)
        results.append(passed)
        click.echo(f"{told[passed]} {time.monotonic() - started:7.1f} s  {command.line}")
        if not passed:
            click.echo(output)
    click.echo(f"{sum(results)} of {len(results)} commands passed.")
    click.get_current_context().exit(0 if all(results) else 1)


def _clone(folder: Path) -> None:
    if not folder.exists():
        _git("clone", "--quiet", ".", str(folder))
    elif (folder / ".git").exists():
        _git("-C", str(folder), "fetch", "--quiet", str(Path().resolve()), "HEAD")
        _git("-C", str(folder), "reset", "--quiet", "--hard", "FETCH_HEAD")
        _git("-C", str(folder), "clean", "--quiet", "-fd")
        _git("-C", str(folder), "clean", "--quiet", "-fdx", "build")
    else:
        raise BadInput("it is no clone of this project", str(folder), "name a folder that does not exist yet")


def _git(*arguments: str) -> None:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        told = done.stderr.strip().splitlines() or ["no message"]
        raise BadInput(
            f"git {arguments[0]} failed: {told[-1]}", "fresh clone", "run this in a git clone of the project"
        )


def _run(command: Command, folder: Path) -> tuple[bool, str]:
    done = subprocess.run(
        ["bash", "-c", command.line],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode == 0, done.stdout


def _served(command: Command, folder: Path) -> tuple[bool, str]:
    """Start it, wait for an answer, and end it with all that it started."""
    process = subprocess.Popen(
        ["bash", "-c", command.line],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + PATIENCE
    answered = False
    while not answered and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)
        answered = _answers(command.serves)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
    process.wait()
    return answered, f"{command.serves} did not answer within {PATIENCE} s, or the command ended before it did"


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=5) as answer:
            return int(answer.status) == 200
    except (URLError, OSError):
        return False


if __name__ == "__main__":
    main()
