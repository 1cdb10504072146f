"""Every command explains itself with an example that fits it, and answers a mistake with one sentence."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import stages
import stages.tools


def commands() -> dict[str, click.Command]:
    """Module name -> the command that it runs."""
    folders = ((stages.__path__, "stages."), (stages.tools.__path__, "stages.tools."))
    names = [module.name for path, prefix in folders for module in pkgutil.iter_modules(path, prefix)]
    result = {name: getattr(importlib.import_module(name), "main", None) for name in names}
    return {name: command for name, command in result.items() if isinstance(command, click.Command)}


COMMANDS = commands()


def test_all_commands_are_found() -> None:
    assert {"stages.train", "stages.report", "stages.tools.status", "stages.tools.reproduce"} <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_ends_with_an_example_of_the_command(name: str) -> None:
    printed = CliRunner().invoke(COMMANDS[name], ["--help"], terminal_width=200)
    assert printed.exit_code == 0
    assert re.search(rf"Example: (\S+=\S+ )?python -m {re.escape(name)}\b", printed.stdout), printed.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_the_example_is_a_call_that_the_command_takes(name: str) -> None:
    command = COMMANDS[name]
    words = re.search(rf"python -m {re.escape(name)}( .+)?", command.help or "")
    assert words
    arguments = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', words[1] or "")]
    with command.make_context(name, arguments) as context:
        assert not context.args


@pytest.mark.parametrize("name", COMMANDS)
def test_an_unknown_option_is_refused(name: str) -> None:
    printed = CliRunner().invoke(COMMANDS[name], ["--nonsense"])
    assert printed.exit_code == 2
    assert "No such option" in printed.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_outside_the_project_a_command_says_so(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = re.search(rf"python -m {re.escape(name)}( .+)?", COMMANDS[name].help or "")
    printed = CliRunner().invoke(COMMANDS[name], re.findall(r'"[^"]*"|\S+', words[1] or "") if words else [])
    assert printed.exit_code == 2, printed.output
    assert printed.stderr.startswith(("Error: ", "Usage: "))
    assert not list(tmp_path.iterdir())
