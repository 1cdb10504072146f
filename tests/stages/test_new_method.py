"""A scaffolded method keeps every promise at once; a name that cannot be is refused and nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from pipeline.authoring import new_method as scaffold
from pipeline.core.errors import BadParams
from stages.tools.new_method import main
from tests.support.copied import copy_project, run

PARAMS = """# The top.
extractors: {pixels: {}}
datasets: {emoji: {views: {image: pixels}}}
experiments:
  - {name: default, datasets: [emoji], methods: [old], noises: [symmetric], rates: [0.2], seeds: [0]}
methods:
  # An old one.
  old: {default: {}}   # as it was

# What follows.
noises: {symmetric: {}}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folders and settings to write into."""
    monkeypatch.chdir(tmp_path)
    for folder in ("pipeline/methods", "tests/methods"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "params.yaml").write_text(PARAMS, encoding="utf-8")
    return tmp_path


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def written(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def test_three_places_are_written_and_comments_stay(project: Path) -> None:
    result = call("my_method")
    assert result.exit_code == 0, result.output
    assert written(project) == {"params.yaml", "pipeline/methods/my_method.py", "tests/methods/test_my_method.py"}
    text = (project / "params.yaml").read_text(encoding="utf-8")
    before, after = PARAMS.split("\n\n")
    assert text.startswith(before + "\n  my_method:\n")
    assert text.endswith("\n\n" + after)
    assert set(yaml.safe_load(text)["methods"]) == {"old", "my_method"}
    assert "TO BE REPLACED" in (project / "pipeline/methods/my_method.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("params", ["methods:\n", "methods:\n  a: {}", "methods:\n  a: {}\n\n\n"])
def test_the_block_comes_to_the_end_of_the_methods(params: str) -> None:
    actual = yaml.safe_load(scaffold.with_settings(params, "mine"))["methods"]
    assert list(actual)[-1] == "mine"


@pytest.mark.parametrize("params", ["methods: {a: {}}\n", "noises: {}\n"])
def test_settings_without_a_place_are_refused(params: str) -> None:
    with pytest.raises(BadParams, match="the place for a new block is not clear"):
        scaffold.with_settings(params, "mine")


@pytest.mark.parametrize("name", ["", "My", "2nd", "my-method", "class", "base", "../mine", "mine.py"])
def test_a_name_that_cannot_be_is_refused(project: Path, name: str) -> None:
    result = call(name)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: new method: '{name}' cannot be its name; take lower-case letters")
    assert written(project) == {"params.yaml"}


@pytest.mark.parametrize(
    ("name", "there", "printed"),
    [
        ("mrl", None, "'mrl' is there already; choose another name"),
        ("old", None, "'old' has a block already"),
        ("mine", "pipeline/methods/mine.py", "pipeline/methods/mine.py: the file is there already"),
        ("mine", "tests/methods/test_mine.py", "tests/methods/test_mine.py: the file is there already"),
    ],
)
def test_what_is_there_stays(project: Path, name: str, there: str | None, printed: str) -> None:
    if there:
        (project / there).write_text("mine", encoding="utf-8")
    result = call(name)
    assert result.exit_code == 2
    assert printed in result.stderr
    assert written(project) == {"params.yaml", *([there] if there else [])}
    assert (project / "params.yaml").read_text(encoding="utf-8") == PARAMS


def test_the_scaffold_keeps_every_promise_at_once(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    run(project, "stages.tools.new_method", "my_method")
    made = ("pipeline/methods/my_method.py", "tests/methods/test_my_method.py")
    run(project, "ruff", "check", *made)
    run(project, "ruff", "format", "--check", *made)
    places = ("contracts/test_method_contract.py", "config/test_paper_profile.py", "test_dvc_stages.py")
    chosen = "my_method or blocks_match or every_file_has or fingerprints_of_all_code"
    run(project, "pytest", made[1], *(f"tests/{place}" for place in places), "-k", chosen)
