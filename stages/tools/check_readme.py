"""Run README's commands in a fresh clone, as a new user would."""

from __future__ import annotations

import time
from pathlib import Path

import click

from pipeline.authoring.readme_commands import clone, commands, run
from pipeline.config.project import Project
from stages.command import stage


@stage
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("build/readme"))
def main(project: Project, folder: Path) -> None:
    """Clone the last commit to FOLDER (build/readme) and run README's commands there, one after another.

    What needs files of a user's own, or runs until it is stopped, is not run and says so. On two cores the whole grid
    alone takes most of an hour. Exit code 1: a command failed.

    Example: python -m stages.tools.check_readme
    """
    clone(folder)
    results = []
    for command in commands((folder / "README.md").read_text(encoding="utf-8")):
        if command.skip:
            click.echo(f"not run          {command.line}  ({command.skip})")
            continue
        started = time.monotonic()
        passed, output = run(command, folder)
        results.append(passed)
        click.echo(f"{'passed' if passed else 'FAILED'} {time.monotonic() - started:7.1f} s  {command.line}")
        if not passed:
            click.echo(output)
    click.echo(f"{sum(results)} of {len(results)} commands passed.")
    click.get_current_context().exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
