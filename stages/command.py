"""What every command shares: parameters in, one clear sentence and exit code 2 for a user's mistake."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from pipeline.config.load import load
from pipeline.core.errors import PipelineError
from stages.paths import PARAMS


class Mistake(click.ClickException):
    """Printed as one line on stderr."""

    exit_code = 2


def stage(function: Callable[..., None]) -> click.Command:
    """Make a click command of function(project, ...); its docstring is the help text."""

    @wraps(function)
    def guarded(*arguments: Any, **options: Any) -> None:
        try:
            function(load(PARAMS), *arguments, **options)
        except PipelineError as error:
            raise Mistake(str(error)) from None

    return click.command()(guarded)


def warn(sentence: str) -> None:
    """Tell the person at the keyboard; the command goes on."""
    click.echo(sentence, err=True)
