"""README's commands, run in a fresh clone as a new user would run them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import BadInput

BLOCK = re.compile(r"^(?:<!-- not run: (.+?) -->\n)?```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Command:
    """A line of a block of README. skip: why it is not run, empty where it is."""

    line: str
    skip: str = ""


def commands(readme: str) -> Iterator[Command]:
    """Every line of every ```bash block, in order; a comment above a block, <!-- not run: reason -->, skips it."""
    for reason, lines in BLOCK.findall(readme):
        yield from (Command(line, reason) for line in filter(None, map(str.strip, lines.splitlines())))


def clone(folder: Path) -> None:
    """Clone the last commit of this folder; a clone that is there is brought to it and keeps what it has computed.

    Raises BadInput where the folder is something else, or this one is no clone.
    """
    if not folder.exists():
        _git("clone", "--quiet", ".", str(folder))
    elif (folder / ".git").exists():
        _git("-C", str(folder), "fetch", "--quiet", str(Path().resolve()), "HEAD")
        _git("-C", str(folder), "reset", "--quiet", "--hard", "FETCH_HEAD")
        _git("-C", str(folder), "clean", "--quiet", "-fd")
    else:
        raise BadInput("it is no clone of this project", str(folder), "name a folder that does not exist yet")


def run(command: Command, folder: Path) -> tuple[bool, str]:
    """Whether a command succeeds in a folder, and what it prints."""
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


def _git(*arguments: str) -> None:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        message = (done.stderr.strip().splitlines() or ["no message"])[-1]
        remedy = "run this in a git clone of the project"
        raise BadInput(f"git {arguments[0]} failed: {message}", "fresh clone", remedy)
