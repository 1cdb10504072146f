"""Start a new method."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.authoring import new_method as scaffold
from pipeline.config.project import Project
from pipeline.core.errors import BadInput
from pipeline.core.files import write_text
from stages.command import stage
from stages.paths import PARAMS

METHODS, TESTS = Path("pipeline/methods"), Path("tests/methods")


@stage
@click.argument("name")
def main(project: Project, name: str) -> None:
    """Write pipeline/methods/NAME.py, its block in params.yaml and its test: a method that trains, to be replaced.

    Example: python -m stages.tools.new_method my_method
    """
    scaffold.check_name(name)
    source, test = METHODS / f"{name}.py", TESTS / f"test_{name}.py"
    for file in (source, test):
        if file.exists():
            raise BadInput("the file is there already", str(file), "choose another name, or delete the file")
    settings = scaffold.with_settings(PARAMS.read_text(encoding="utf-8"), name)
    source.write_text(scaffold.method_file(name), encoding="utf-8")
    test.write_text(scaffold.test_file(name), encoding="utf-8")
    write_text(PARAMS, settings)
    click.echo(f"Written: {source}, {test} and methods.{name} in {PARAMS}; replace what they mark TO BE REPLACED.")
    click.echo(f"Try it:  .venv/bin/python -m pytest tests/methods tests/contracts -k {name}")
    click.echo("Then:    the steps in CONTRIBUTING.md.")


if __name__ == "__main__":
    main()
